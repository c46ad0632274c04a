using System.Text.RegularExpressions;

namespace Machine.Tool.Workspaces.Outputs;

/// <summary>The folders of the projects that a dotnet command builds: of the one it names or finds, or of its solution. Files are read as text.</summary>
internal sealed partial class BuiltProjects
{
    /// <param name="directory">Where the command is typed.</param>
    /// <param name="arguments">Of dotnet.</param>
    public BuiltProjects(string directory, IReadOnlyList<string> arguments)
    {
        var named = arguments.SkipWhile(argument => argument.StartsWith('-')).Skip(1).TakeWhile(argument => argument != "--")
            .Where(argument => !argument.StartsWith('-'))
            .Select(argument => Path.GetFullPath(Path.Combine(directory, argument)));
        Folders = named.Append(directory).Select(Of).FirstOrDefault(folders => folders.Count > 0) ?? [];
    }

    /// <summary>Empty where nobody knows.</summary>
    public IReadOnlyList<string> Folders { get; }

    private static IReadOnlyList<string> Of(string path)
    {
        if (Directory.Exists(path))
        {
            // As dotnet does: a solution comes first.
            var solutions = Directory.EnumerateFiles(path, "*.sln*").Where(IsSolution).ToList();
            return solutions.Count > 0 ? [.. solutions.SelectMany(OfSolution).Distinct(StringComparer.Ordinal)]
                : Directory.EnumerateFiles(path, "*.*proj").Any() ? [path] : [];
        }

        return !File.Exists(path) ? []
            : IsSolution(path) ? [.. OfSolution(path).Distinct(StringComparer.Ordinal)]
            : path.EndsWith("proj", StringComparison.OrdinalIgnoreCase) ? [Path.GetDirectoryName(path)!] : [];
    }

    private static bool IsSolution(string file) => Path.GetExtension(file).ToLowerInvariant() is ".sln" or ".slnx" or ".slnf";

    // "src\\App\\App.csproj" of a .slnf, "src\App\App.csproj" of a .sln, "src/App/App.csproj" of a .slnx: in quotes, all three.
    private static IEnumerable<string> OfSolution(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        var folder = Path.GetDirectoryName(file)!;
        return ProjectPath().Matches(text)
            .Select(match => Path.GetFullPath(Path.Combine(folder, match.Groups[1].Value.Replace(@"\\", "/", StringComparison.Ordinal).Replace('\\', '/'))))
            .Where(File.Exists)
            .Select(project => Path.GetDirectoryName(project)!);
    }

    [GeneratedRegex("\"([^\"<>|\r\n]+\\.\\w*proj)\"", RegexOptions.IgnoreCase)]
    private static partial Regex ProjectPath();
}
