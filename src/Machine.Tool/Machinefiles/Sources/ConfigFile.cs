using System.Security.Cryptography;
using System.Xml;

using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>One nuget.config, read once: what is judged, shown and used are the same bytes.</summary>
/// <param name="Hash">SHA-256 of its bytes, lower-case hex.</param>
/// <param name="IsUsers">Of the user or of this host, not of a project: variables in it are the user's own.</param>
internal sealed record ConfigFile(string Path, string Hash, ConfigNode Root, bool IsUsers)
{
    // As NuGet looks for them in each folder; the first that is there counts.
    private static readonly string[] Names =
        OperatingSystem.IsWindows() ? ["NuGet.Config"] : ["nuget.config", "NuGet.config", "NuGet.Config"];

    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>The files at and above a folder, the nearest first, without those that are the user's own.</summary>
    public static IEnumerable<string> AtOrAbove(string folder, IReadOnlyList<string> users)
    {
        for (var at = folder; at is not null; at = System.IO.Path.GetDirectoryName(at))
        {
            if (Array.Find(Names, name => File.Exists(System.IO.Path.Combine(at, name))) is { } name
                && System.IO.Path.Combine(at, name) is var path && !users.Contains(path, StringComparer.Ordinal))
            {
                yield return path;
            }
        }
    }

    /// <exception cref="MachineException">It can't be read, or is no configuration.</exception>
    public static ConfigFile Read(string path, bool isUsers)
    {
        try
        {
            // A link could lead to a device that never ends, or to a file that the project can't have read itself.
            if (!isUsers && new FileInfo(path).LinkTarget is not null && System.IO.Path.GetDirectoryName(ProjectRoot.RealPath(path)) != ProjectRoot.RealPath(System.IO.Path.GetDirectoryName(path)!))
            {
                throw new MachineException($"{Printable.Escape(path)} is a link that leaves its folder", "make it a file", ExitCode.MachineUnavailable);
            }

            var bytes = SmallFile.Read(path);
            using var stream = new MemoryStream(bytes);
            return new ConfigFile(path, Convert.ToHexStringLower(SHA256.HashData(bytes)), ConfigNode.Read(stream), isUsers);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            throw new MachineException($"cannot read {Printable.Escape(path)}: {Printable.Escape(e.Message)}", "correct it, or remove it", ExitCode.MachineUnavailable, e);
        }
    }
}
