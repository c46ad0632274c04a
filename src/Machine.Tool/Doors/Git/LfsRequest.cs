using System.Text.RegularExpressions;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>What a request of git LFS is a part of.</summary>
internal enum LfsStep
{
    /// <summary>Asks the server where files are, or are to be.</summary>
    Batch,

    /// <summary>The file itself, or the word that it has come.</summary>
    Transfer,

    /// <summary>Locks, which are refused.</summary>
    Locks,
}

/// <summary>
/// One request of git LFS, parsed from the request line as it came: <c>POST …/info/lfs/objects/batch</c>, then a transfer at an address that this door gave. Source: git-lfs,
/// docs/api/batch.md and basic-transfers.md.
/// </summary>
/// <param name="Path">Of the repository as the guest wrote it, which is sent on.</param>
/// <param name="Token">Of a transfer: which one was given.</param>
internal sealed partial record LfsRequest(GitRepository Repository, string Path, LfsStep Step, string Token)
{
    public const string Type = "application/vnd.git-lfs+json";

    private const string Marker = "/info/lfs/";

    /// <param name="target">The request's target, undecoded.</param>
    /// <returns>Null where it is none.</returns>
    public static LfsRequest? TryParse(string method, string target)
    {
        if (Form().Match(target) is not { Success: true } match || GitRepository.OfWire(match.Groups["server"].Value, match.Groups["path"].Value) is not { } repository)
        {
            return null;
        }

        var (rest, token) = (match.Groups["rest"].Value, match.Groups["token"].Value);
        LfsStep? step = rest == "objects/batch" && method == "POST" ? LfsStep.Batch
            : token.Length > 0 && method is "GET" or "PUT" or "POST" ? LfsStep.Transfer
            : rest.StartsWith("locks", StringComparison.Ordinal) ? LfsStep.Locks
            : null;
        return step is { } found ? new LfsRequest(repository, match.Groups["path"].Value, found, token) : null;
    }

    /// <summary>Where the guest's git LFS finds a transfer.</summary>
    /// <param name="door">This door as the guest called it, without a slash at the end.</param>
    public string TransferAddress(string door, string token) => $"{door}{GitRequest.Prefix}{GitRepository.Place(Repository.Name, Repository.Port)}/{Path}{Marker}transfer/{token}";

    // At the door's own name for locks a query may follow.
    [GeneratedRegex(@"^/git/(?<server>[^/?#]+)/(?<path>[^?#]+)/info/lfs/(?<rest>objects/batch|locks(/[^#]*)?(\?[^#]*)?|transfer/(?<token>[0-9a-f]{32}))\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
