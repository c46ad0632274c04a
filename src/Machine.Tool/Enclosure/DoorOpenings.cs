using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Enclosure;

/// <summary>Where a plain <c>dotnet</c> would find another SDK than the shim.</summary>
internal static class DoorOpenings
{
    public static IEnumerable<Opening> Of(ProjectRoot project, MachinePaths paths)
    {
        var file = Path.Combine(project.Path, GlobalJson.FileName);
        return Root(file).Concat(Shim(project, paths, file)).Concat(Nested(project.Path));
    }

    private static IEnumerable<Opening> Root(string file)
    {
        const string Init = "dotnet-machine init";
        if (!File.Exists(file))
        {
            yield return new Opening(file, "there is none here: dotnet in this folder uses the host's SDK", Init);
        }
        else if (GlobalJson.TryRead(file) is null)
        {
            yield return new Opening(file, "dotnet ignores a malformed one as a whole, and uses the host's SDK", $"correct it, then: {Init}");
        }
        else if (GlobalJson.Paths(file) is not { } listed || !listed.Contains(ShimFolder.Name))
        {
            yield return new Opening(file, $"sdk.paths does not name {ShimFolder.Name} (or a key is there twice): dotnet in this folder uses the host's SDK", Init);
        }
        else if (listed.Count > 1)
        {
            yield return new Opening(file, $"sdk.paths names more than {ShimFolder.Name} ({string.Join(", ", listed)}): dotnet takes an SDK of the host where the shim does not fit", Init);
        }
    }

    private static IEnumerable<Opening> Shim(ProjectRoot project, MachinePaths paths, string file)
    {
        var enclosure = new ProjectEnclosure(project, paths);
        if (!enclosure.IsWanted)
        {
            yield break;
        }

        var folder = Path.Combine(project.Path, ShimFolder.Name);
        string? problem;
        try
        {
            problem = enclosure.IsCurrent() ? null : Directory.Exists(folder)
                ? "it is not what this version of the tool and global.json ask for; a foreign SDK in it is code that dotnet runs"
                : "it is missing: dotnet refuses to start here";
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            yield return new Opening(folder, problem, "dotnet-machine start");
        }
    }

    private static IEnumerable<Opening> Nested(string project) =>
        OpenFolders.Of(project).Skip(1)
            .Select(folder => Path.Combine(folder, GlobalJson.FileName))
            .Where(File.Exists)
            .Select(file => new Opening(file, "it hides the project's own: dotnet in that folder uses the host's SDK, and only the net holds", "remove it, or give its folder a machine of its own"));
}
