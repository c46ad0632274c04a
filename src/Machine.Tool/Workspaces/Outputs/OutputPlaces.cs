using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Outputs;

/// <summary>Turns the places that a dotnet command names for output into globs of outputs, for this command alone.</summary>
/// <param name="project">The project's root, by its real path.</param>
/// <param name="directory">Where the command is typed: at or below the root.</param>
internal sealed class OutputPlaces(string project, string directory, Machinefile machinefile)
{
    // No path holds it.
    private const string Filled = "\0";

    /// <param name="command">Program and arguments.</param>
    /// <returns>Nothing for a program that is not dotnet.</returns>
    /// <exception cref="MachineException">A place lies where the machine's writing would be lost.</exception>
    public IReadOnlyList<string> Of(IReadOnlyList<byte[]> command)
    {
        var arguments = command.Select(Encoding.UTF8.GetString).ToList();
        return Path.GetFileName(arguments[0]) is "dotnet" or "dotnet.exe" ? Globs(arguments[1..]) : [];
    }

    /// <param name="arguments">Of dotnet.</param>
    /// <exception cref="MachineException">A place lies where the machine's writing would be lost.</exception>
    public IReadOnlyList<string> Globs(IReadOnlyList<string> arguments)
    {
        var named = OutputOptions.Find(arguments).ToList();
        var results = named.LastOrDefault(output => output.Option == "--results-directory")?.Value;
        var built = new BuiltProjects(directory, arguments);
        return [.. named.SelectMany(output => GlobsOf(output, results, built)).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private IEnumerable<string?> GlobsOf(NamedOutput output, string? results, BuiltProjects built) => output.Kind switch
    {
        PlaceKind.Folder => [Below(output, directory, "/**")],
        PlaceKind.File => [Below(output, directory, "")],
        PlaceKind.TestResult when results is not null => [Below(output, Path.Combine(directory, results), "")],
        PlaceKind.TestResult when !Path.IsPathRooted(output.Value) => OfEach(output, built, "TestResults", ""),
        PlaceKind.TestResult => [Below(output, directory, "")],
        _ when Path.IsPathRooted(output.Value) => [Below(output, directory, "/**")],
        _ => OfEach(output, built, "", "/**"),
    };

    // Of a solution every project has its own. What climbs ends in another place for each, and may leave the project.
    private IEnumerable<string?> OfEach(NamedOutput output, BuiltProjects built, string folder, string below) =>
        built.Folders.Count == 1 || (built.Folders.Count > 0 && output.Value.Split('/').Contains(".."))
            ? built.Folders.Select(home => Below(output, Path.Combine(home, folder), below))
            : [Anywhere(folder.Length == 0 ? output.Value : folder + "/" + output.Value, below)];

    /// <summary>The glob of a place of the project; null for its root, which holds the sources: what is written there is held.</summary>
    private string? Below(NamedOutput output, string from, string below)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(from, output.Value)));
        if (path == project)
        {
            return null;
        }

        if (path.StartsWith(project + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            return "/" + Literal(path[(project.Length + 1)..].Replace(Path.DirectorySeparatorChar, '/'), filledIn: output.Option == "-bl") + below;
        }

        // These are paths of the guest: what is written to a mount stays.
        return machinefile.Shares.Where(share => share.Write).Select(share => share.GuestPath).Concat(machinefile.Volumes.Values.Select(volume => volume.GuestPath))
            .Any(mount => path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal))
            ? null
            : throw new MachineException(
                $"{output.Option} {Tainted.Line(output.Value)} is {Tainted.Line(path)}, outside of the project {project}: the machine can't write there, and what it wrote would be lost",
                $"name a place inside the project, or share the folder in the Machinefile: shares: [{{ host: {Tainted.Line(path)}, guest: {Tainted.Line(path)}, write: true }}]",
                ExitCode.Usage);
    }

    // Relative to a folder that only the build knows: at any depth. What climbs is taken from where it ends.
    private static string? Anywhere(string value, string below)
    {
        var names = new List<string>();
        foreach (var name in value.Replace('\\', '/').Split('/').Where(name => name is not ("" or ".")))
        {
            if (name != "..")
            {
                names.Add(name);
            }
            else if (names.Count > 0)
            {
                names.RemoveAt(names.Count - 1);
            }
        }

        return names.Count == 0 ? null : "**/" + Literal(string.Join('/', names)) + below;
    }

    // MSBuild fills {} in, in a binlog's name alone; everything else of a place is meant as it is written.
    private static string Literal(string path, bool filledIn = false)
    {
        var name = path.LastIndexOf('/') + 1;
        return filledIn && path.EndsWith(".binlog", StringComparison.OrdinalIgnoreCase)
            ? Glob.Escape(path[..name]) + Glob.Escape(path[name..].Replace("{}", Filled, StringComparison.Ordinal)).Replace(Filled, "*", StringComparison.Ordinal)
            : Glob.Escape(path);
    }
}
