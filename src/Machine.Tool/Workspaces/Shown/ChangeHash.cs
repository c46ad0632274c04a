using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Workspaces.Shown;

/// <summary>
/// Names one change by all that a person says yes to: path, kind, what it is (file, link, deletion, folder), the execute bit, the bytes,
/// and what the host has there. Another byte on either side is another change.
/// </summary>
internal static class ChangeHash
{
    /// <param name="content">SHA-256 of a file's bytes; null for what has none.</param>
    /// <exception cref="HostRefusalException">The host's side can't be read.</exception>
    public static string Of(HostTree tree, Finding finding, string? content)
    {
        var (change, entry) = (finding.Change, finding.Entry);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The host's side is looked at now, not as the survey saw it.
        foreach (var field in new[]
        {
            "machine-change-1", change.Path, $"{change.Kind}", $"{entry.Type}", $"{change.Executable}",
            entry.Type == 'l' ? Convert.ToHexStringLower(entry.Link) : content ?? "", HostFingerprints.Side(tree, finding.Path, tree.Stat(finding.Path)),
        })
        {
            hash.AppendData(Encoding.UTF8.GetBytes(field));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A change as it was shown to a person.</summary>
/// <param name="Diff">Safe to print; nothing of the change is left out unseen.</param>
/// <param name="Hash">Of <see cref="ChangeHash"/>.</param>
internal sealed record ShownChange(Change Change, string Diff, string Hash);
