using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Packages;

/// <summary>
/// What the project's lock files say that a restore will ask for: so it can be fetched while the machine is still coming up.
/// The files are the project's, and tainted: more than a project needs is not read, and names are checked where they are used.
/// </summary>
internal static class LockedPackages
{
    private const string FileName = "packages.lock.json";
    private const int MostPackages = 2000;
    private const int MostBytes = 16 << 20;

    private static readonly EnumerationOptions Options = new() { IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };

    // What a build or npm made is large, and holds no lock file that a restore reads.
    private static readonly HashSet<string> Skipped = new(["bin", "obj", "node_modules", ".git", ".machine"], StringComparer.OrdinalIgnoreCase);

    /// <returns>Name and version of each package, once.</returns>
    public static IReadOnlyList<(string Id, string Version)> Below(string folder) =>
        Directory.Exists(folder) ? [.. Files(folder, depth: 6).SelectMany(Read).Distinct().Take(MostPackages)] : [];

    private static IEnumerable<string> Files(string folder, int depth)
    {
        var file = Path.Combine(folder, FileName);
        if (new FileInfo(file) is { Exists: true, LinkTarget: null, Length: < MostBytes })
        {
            yield return file;
        }

        if (depth == 0)
        {
            yield break;
        }

        foreach (var below in Directory.EnumerateDirectories(folder, "*", Options).Where(below => !Skipped.Contains(Path.GetFileName(below))))
        {
            foreach (var found in Files(below, depth - 1))
            {
                yield return found;
            }
        }
    }

    // https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies
    private static List<(string Id, string Version)> Read(string file)
    {
        var packages = new List<(string Id, string Version)>();
        try
        {
            using var document = JsonDocument.Parse(SmallFile.Read(file, MostBytes));
            foreach (var framework in document.RootElement.GetProperty("dependencies").EnumerateObject())
            {
                foreach (var package in framework.Value.EnumerateObject())
                {
                    // Projects of the solution are listed too, without a version.
                    if (package.Value.TryGetProperty("resolved", out var resolved) && resolved.GetString() is { } version)
                    {
                        packages.Add((package.Name, version));
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or KeyNotFoundException or InvalidOperationException)
        {
            // The restore itself says what is wrong with it.
        }

        return packages;
    }
}
