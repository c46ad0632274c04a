using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>Takes and compares fingerprints of the host's files, so that what a person changed is never overwritten.</summary>
internal static class HostFingerprints
{
    /// <summary>Larger files are told apart by size and time alone.</summary>
    private const long MostHashed = 1 << 20;

    private const int MostInFolder = 100_000;

    public static HostFingerprint Take(HostTree tree, ProjectPath path, HostStat stat) => new(
        stat.Kind,
        stat.Kind == HostKind.Folder ? 0 : stat.SizeBytes,
        stat.Kind == HostKind.Folder ? 0 : stat.ModifiedNs,
        stat switch
        {
            { Kind: HostKind.File, SizeBytes: <= MostHashed } => TrySha256(tree, path),
            { Kind: HostKind.Link } => tree.ReadLink(path),
            { Kind: HostKind.Folder } => OfFolder(tree, path),
            _ => null,
        },
        stat.Kind == HostKind.File ? stat.ChangedNs : null);

    /// <summary>Of a file that was just brought.</summary>
    /// <param name="sha256">Of the bytes that were written; a link's target.</param>
    public static HostFingerprint Brought(HostStat stat, string? sha256) => new(stat.Kind, stat.SizeBytes, stat.ModifiedNs, sha256, stat.Kind == HostKind.File ? stat.ChangedNs : null);

    public static bool IsUnchanged(HostTree tree, ProjectPath path, HostStat now, HostFingerprint then) =>
        now.Kind == then.Kind && now.Kind switch
        {
            HostKind.Missing => true,
            HostKind.Folder => OfFolder(tree, path) == then.Sha256,
            HostKind.Link => then.Sha256 is null ? now.ModifiedNs == then.ModifiedNs : tree.ReadLink(path) == then.Sha256,
            _ => now.SizeBytes == then.SizeBytes
                && ((now.ModifiedNs == then.ModifiedNs && (then.ChangedNs is null || then.ChangedNs == now.ChangedNs)) || (then.Sha256 is not null && TrySha256(tree, path) == then.Sha256)),
        };

    /// <summary>All of what the host has at a path, in one text: what a person saw there is what they said yes to.</summary>
    public static string Side(HostTree tree, ProjectPath path, HostStat stat) => stat.Kind switch
    {
        HostKind.File => $"file {stat.Executable} {tree.Sha256(path)}",
        HostKind.Link => $"link {tree.ReadLink(path)}",
        HostKind.Folder => $"folder {OfFolder(tree, path)}",
        var kind => $"{kind}",
    };

    /// <exception cref="HostRefusalException">The folder holds too much to be told apart.</exception>
    public static List<ProjectPath> FilesIn(HostTree tree, ProjectPath folder) => tree.Enumerate(folder, MostInFolder).Files;

    private static string OfFolder(HostTree tree, ProjectPath folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in FilesIn(tree, folder).OrderBy(file => file.Text, StringComparer.Ordinal))
        {
            var stat = tree.Stat(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Text}\0{stat.Kind}\0{stat.SizeBytes}\0{stat.ModifiedNs}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? TrySha256(HostTree tree, ProjectPath path)
    {
        try
        {
            return tree.Sha256(path);
        }
        catch (Exception e) when (e is HostRefusalException or IOException)
        {
            return null;
        }
    }
}
