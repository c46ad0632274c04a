using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>
/// Every way in which code of a project can run on this host although it has a machine. Files are read as text: nothing is evaluated.
/// A list for a person to act on, not a boundary: a hostile project can hide from it (docs/transparent-dotnet.md).
/// </summary>
internal static class Openings
{
    public static IReadOnlyList<Opening> Of(ProjectRoot project, MachinePaths paths, string? dotnetRoot) =>
    [
        .. Muxer(dotnetRoot),
        .. Variables(),
        .. DoorOpenings.Of(project, paths),
        .. NetOpenings.Of(project.Path),
        .. EditorOpenings.Of(project.Path),
    ];

    private static IEnumerable<Opening> Muxer(string? dotnetRoot)
    {
        var resolvers = dotnetRoot is null ? null : Path.Combine(dotnetRoot, "host", "fxr");
        if (resolvers is null || !Directory.Exists(resolvers))
        {
            yield break;
        }

        var newest = Directory.EnumerateDirectories(resolvers).Select(folder => int.TryParse(Path.GetFileName(folder).Split('.')[0], out var major) ? major : 0).DefaultIfEmpty().Max();
        if (newest < 10)
        {
            yield return new Opening(resolvers, $"this dotnet ({newest}) knows no sdk.paths: it takes the host's SDK, and only the net holds", "install the .NET 10 SDK or runtime");
        }
    }

    private static IEnumerable<Opening> Variables() =>
        new[] { InsideVariables.Inside, InsideVariables.Switch }
            .Where(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 })
            .Select(name => new Opening(name, "this variable is set on the host: the net takes the host for the machine", $"unset {name}"));
}

/// <summary>One way in which a project's code can run on this host.</summary>
/// <param name="Where">A file, a folder or a program.</param>
/// <param name="Meaning">What happens because of it.</param>
/// <param name="Remedy">What to do; a command where there is one.</param>
internal sealed record Opening(string Where, string Meaning, string Remedy);
