using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Workspaces.Shown;

/// <summary>Reads what the guest holds, for showing it or for its hash; nothing of it reaches the host's tree.</summary>
internal static class GuestContents
{
    /// <returns>SHA-256 of each file that is whole, by its path.</returns>
    /// <param name="copy">Where the bytes go as well.</param>
    /// <exception cref="GuestProtocolException">The guest sends another file than asked for, or a broken frame.</exception>
    public static async Task<Dictionary<ProjectPath, string>> ReadAsync(IGuestWorkspace guest, IReadOnlyList<Finding> files, Stream copy, CancellationToken cancel)
    {
        var hashes = new Dictionary<ProjectPath, string>();
        if (files.Count == 0)
        {
            return hashes;
        }

        await guest.RunAsync("pack", [], GuestRequest.Pairs(files.Select(f => ($"{f.Entry.Stamp.SizeBytes}", f.Entry.Path))), async reader =>
        {
            foreach (var finding in files)
            {
                if (!(await reader.FieldAsync(4096)).AsSpan().SequenceEqual(finding.Entry.Path))
                {
                    throw new GuestProtocolException("another file than asked for");
                }

                using var file = new PackedFile(reader, finding.Entry.Stamp.SizeBytes);
                await file.CopyToAsync(copy);
                if (file.IsWhole)
                {
                    hashes[finding.Path] = file.Sha256!;
                }
            }
        }, cancel);
        return hashes;
    }
}
