using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>
/// Which versions the project's lock files name, on the host: a guest can't write them. They are the project's own word, and stand in for a
/// date that a source does not give; never against one that it gives.
/// </summary>
internal sealed class LockedVersions
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private string? folder;
    private HashSet<(string Id, NuGetVersion Version)> named = [];
    private DateTimeOffset looked;

    /// <param name="project">The project's folder; null for what is shared by projects.</param>
    public void Use(string? project)
    {
        lock (gate)
        {
            folder = project;
            looked = default;
        }
    }

    public bool Names(string id, NuGetVersion version)
    {
        lock (gate)
        {
            if (DateTimeOffset.UtcNow - looked > LookAgain)
            {
                named = folder is null ? [] : [.. LockedPackages.Below(folder).SelectMany(Parse)];
                looked = DateTimeOffset.UtcNow;
            }

            return named.Contains((id, version));
        }
    }

    private static IEnumerable<(string Id, NuGetVersion Version)> Parse((string Id, string Version) package)
    {
        try
        {
            return [(PackageName.ParseId(package.Id), PackageName.ParseVersion(package.Version))];
        }
        catch (FeedException)
        {
            return [];
        }
    }
}
