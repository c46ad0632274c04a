using System.Globalization;

namespace Machine.Tool.Hosting;

/// <summary>
/// What tells a project from another one that lies at the same path later. git itself is not asked: a repository's own configuration
/// would choose programs that it runs.
/// </summary>
/// <param name="Born">When the project's folder was made; null where the file system does not tell.</param>
/// <param name="Origin">Where its git repository came from, host and path alone: no spelling, no password. Null without one.</param>
/// <param name="Branch">The branch, or the beginning of the commit, that is checked out. No part of which project it is.</param>
internal sealed record ProjectMark(string? Born, string? Origin, string? Branch)
{
    private const int MostBytes = 256 * 1024;

    public static ProjectMark Of(ProjectRoot project)
    {
        var git = GitFolder(project.Path);
        return new ProjectMark(BirthOf(project.Path), git is null ? null : OriginIn(git.Value.Common), git is null ? null : BranchIn(git.Value.Own));
    }

    /// <summary>Cloned anew it is the same repository; without one to go by, only the same folder is the same project.</summary>
    public bool IsSame(ProjectMark other) =>
        Origin is not null && other.Origin is not null ? Origin == other.Origin : Born is null || other.Born is null || Born == other.Born;

    private static string? BirthOf(string folder) =>
        OperatingSystem.IsWindows() ? Directory.GetCreationTimeUtc(folder).Ticks.ToString(CultureInfo.InvariantCulture)
        : UnixFile.TryLook(folder)?.BornNs?.ToString(CultureInfo.InvariantCulture);

    // A worktree has a folder of its own inside the repository's.
    private static (string Own, string Common)? GitFolder(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            var git = Path.Combine(at, ".git");
            if (Directory.Exists(git))
            {
                return (git, git);
            }

            if (Text(git) is { } link && link.StartsWith("gitdir:", StringComparison.Ordinal))
            {
                var own = Path.GetFullPath(link["gitdir:".Length..].Trim(), at);
                return (own, Text(Path.Combine(own, "commondir")) is { } common ? Path.GetFullPath(common.Trim(), own) : own);
            }
        }

        return null;
    }

    private static string? BranchIn(string git)
    {
        const string Reference = "ref: refs/heads/";
        var head = Text(Path.Combine(git, "HEAD"))?.Trim();
        return head is not { Length: > 0 } ? null : head.StartsWith(Reference, StringComparison.Ordinal) ? head[Reference.Length..] : head[..Math.Min(12, head.Length)];
    }

    private static string? OriginIn(string git)
    {
        var inside = false;
        foreach (var line in (Text(Path.Combine(git, "config")) ?? "").Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith('['))
            {
                inside = line.Replace(" ", "", StringComparison.Ordinal) == "[remote\"origin\"]";
            }
            else if (inside && line.Split('=', 2) is [var name, var value] && name.Trim().Equals("url", StringComparison.OrdinalIgnoreCase))
            {
                return Place(value.Trim().Trim('"'));
            }
        }

        return null;
    }

    // https://user:password@host/owner/name.git, ssh://git@host:22/owner/name and git@host:owner/name are one place.
    internal static string? Place(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme >= 0 ? url[(scheme + 3)..] : url;
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash >= 0 ? rest[..slash] : rest;
        var path = slash >= 0 ? rest[slash..] : "";
        host = host[(host.LastIndexOf('@') + 1)..];
        if (host.Split(':', 2) is [var name, var after])
        {
            // A port, or, without a scheme, where the path begins.
            (host, path) = (name, scheme >= 0 ? path : "/" + after + path);
        }

        path = path.TrimEnd('/');
        path = path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path;
        return host.Length + path.Length == 0 ? null : host.ToLowerInvariant() + path;
    }

    private static string? Text(string path)
    {
        try
        {
            // Not a pipe that an archive brought: reading one waits for ever.
            if (!File.Exists(path) || (!OperatingSystem.IsWindows() && UnixFile.TryLook(path) is not { IsFile: true }))
            {
                return null;
            }

            using var stream = File.OpenRead(path);
            var bytes = new byte[MostBytes];
            return System.Text.Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
