using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>
/// Folders of PATH from which a shell would run what a project or another user put there. This tool passes over the relative ones; whoever
/// types a command does not, and no file in the project can change that.
/// </summary>
internal static class PathCheck
{
    private const string Name = "PATH";

    public static IEnumerable<CheckResult> Run(string folder)
    {
        var project = ProjectRoot.TryFind(folder)?.Path;
        var findings = SearchPath.Dropped.Select(entry => Warning(entry.Length == 0 ? "an empty entry" : entry, "means whatever folder you stand in: a program there runs under the name of a system's"))
            .Concat(SearchPath.Folders(Environment.GetEnvironmentVariable("PATH") ?? "").Distinct(StringComparer.Ordinal).Select(entry => Of(entry, project)).OfType<CheckResult>())
            .ToList();
        return findings.Count > 0 ? findings : [CheckResult.Ok(Name, "no folder of the project, and none that others write to")];
    }

    private static CheckResult? Of(string entry, string? project)
    {
        var real = ProjectRoot.RealPath(entry);
        return project is not null && FolderPath.Within(real, project)
                ? Warning(entry, "lies in the project: what a build inside brings there runs on this host under any name")
            // What this user can't enter is no place that a program of theirs comes from.
            : Directory.Exists(real) && OwnFolder.IsOpenToOthers(real) ? Warning(entry, "can be written by other users of this host")
            : null;
    }

    private static CheckResult Warning(string entry, string meaning) => new(Name, CheckStatus.Warning, $"{entry} {meaning}", "take it out of PATH");
}
