using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Workspaces.Import;

/// <summary>
/// Which changes a person means: exact paths, folders, globs; nothing means all. Guarded ones only by their exact path, or, where they
/// are guarded for being the host's own output, by their folder.
/// </summary>
internal static class ChangeSelection
{
    private enum Named
    {
        Not,
        ByFolder,
        Exactly,
    }

    public static List<Finding> ForApply(IReadOnlyList<Finding> findings, IReadOnlyList<string> paths) =>
        Choose(findings.Where(f => f.Change.Class != ChangeClass.Refused).ToList(), paths, (f, named) => named == Named.Exactly || f.Change.Class != ChangeClass.Guarded || (named == Named.ByFolder && f.InOutputs));

    public static List<Finding> ForDiscard(IReadOnlyList<Finding> findings, IReadOnlyList<string> paths) =>
        Choose(findings, paths, (_, _) => true);

    public static Finding One(IReadOnlyList<Finding> findings, string path) =>
        findings.FirstOrDefault(f => f.Change.Path == Normal(path)) ?? throw Unknown(path);

    private static List<Finding> Choose(IReadOnlyList<Finding> findings, IReadOnlyList<string> paths, Func<Finding, Named, bool> may)
    {
        if (paths.Count == 0)
        {
            return [.. findings.Where(f => may(f, Named.Not))];
        }

        var chosen = new List<Finding>();
        foreach (var path in paths)
        {
            var wanted = Normal(path);
            var exact = findings.Where(f => f.Change.Path == wanted).ToList();
            var wide = exact.Count > 0 ? [] : findings.Where(f => IsIn(f.Change.Path, wanted)).ToList();
            if (exact.Count + wide.Count == 0)
            {
                throw Unknown(path);
            }

            chosen.AddRange(exact.Where(f => may(f, Named.Exactly)).Concat(wide.Where(f => may(f, wanted.Length > 0 && f.Change.Path.StartsWith(wanted + "/", StringComparison.Ordinal) ? Named.ByFolder : Named.Not))));
        }

        return [.. chosen.Distinct(ReferenceEqualityComparer.Instance).Cast<Finding>()];
    }

    private static bool IsIn(string path, string wanted) =>
        wanted.Length == 0 || path.StartsWith(wanted + "/", StringComparison.Ordinal)
        || (wanted.AsSpan().ContainsAny('*', '?', '{') && Glob.TryParse(wanted, out var glob, out _) && glob.Matches(path));

    private static string Normal(string path)
    {
        var normal = OperatingSystem.IsWindows() ? path.Replace('\\', '/') : path;
        while (normal.StartsWith("./", StringComparison.Ordinal))
        {
            normal = normal[2..];
        }

        return normal is "." ? "" : normal.TrimEnd('/');
    }

    private static MachineException Unknown(string path) =>
        new($"no change waits at {Tainted.Line(path)}", "dotnet machine changes   lists what waits");
}
