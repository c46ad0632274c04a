using System.Text.RegularExpressions;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>What a request to a repository is a part of.</summary>
internal enum GitService
{
    /// <summary>Clone and fetch.</summary>
    UploadPack,

    /// <summary>Push.</summary>
    ReceivePack,
}

/// <summary>
/// One request of git's smart protocol over HTTP, parsed from the request line as it came: <c>GET …/info/refs?service=…</c>, <c>POST …/git-upload-pack</c>, <c>POST …/git-receive-pack</c>.
/// Anything else is none, the older protocol that reads a repository file by file too. Source: git's Documentation/gitprotocol-http.
/// </summary>
/// <param name="Path">Of the repository as the guest wrote it, which is sent on.</param>
/// <param name="Lists">It asks for the references; else it is the exchange itself.</param>
internal sealed partial record GitRequest(GitRepository Repository, string Path, GitService Service, bool Lists)
{
    public const string Prefix = "/git/";

    /// <summary>It is a question of git LFS about its files, which go with a fetch or a push.</summary>
    public bool IsLfs { get; init; }

    public bool Push => Service == GitService.ReceivePack;

    /// <summary>For the log.</summary>
    public string Says => $"{(Push ? "push to" : "fetch from")} {Repository.Path}";

    /// <summary>At the server.</summary>
    public Uri Address => new($"https://{GitRepository.Place(Repository.Name, Repository.Port)}/{Path}{Ending}");

    /// <summary>The type of what the server answers, and of nothing else.</summary>
    public string AnswerType => IsLfs ? LfsRequest.Type : $"application/x-{Word}-{(Lists ? "advertisement" : "result")}";

    public string BodyType => IsLfs ? LfsRequest.Type : $"application/x-{Word}-request";

    public string Word => Push ? "git-receive-pack" : "git-upload-pack";

    private string Ending => IsLfs ? "/info/lfs/objects/batch" : Lists ? $"/info/refs?service={Word}" : $"/{Word}";

    /// <param name="target">The request's target, undecoded.</param>
    /// <returns>Null where it is none.</returns>
    public static GitRequest? TryParse(string method, string target)
    {
        if (!target.StartsWith(Prefix, StringComparison.Ordinal) || (method == "GET" ? Listing() : method == "POST" ? Exchange() : null)?.Match(target) is not { Success: true } match)
        {
            return null;
        }

        var path = match.Groups["path"].Value;
        return GitRepository.OfWire(match.Groups["server"].Value, path) is { } repository
            ? new GitRequest(repository, path, match.Groups["service"].Value == "receive" ? GitService.ReceivePack : GitService.UploadPack, method == "GET") : null;
    }

    /// <summary>Where a server sends a request for the references on to, as a request of this door.</summary>
    /// <returns>Null where that is no repository over https.</returns>
    public static GitRequest? OfRedirect(string location) =>
        location.StartsWith("https://", StringComparison.Ordinal) ? TryParse("GET", Prefix + location["https://".Length..]) : null;

    /// <summary>The same at this door.</summary>
    public string AtEndpoint => $"{Prefix}{GitRepository.Place(Repository.Name, Repository.Port)}/{Path}{Ending}";

    [GeneratedRegex(@"^/git/(?<server>[^/?#]+)/(?<path>[^?#]+)/info/refs\?service=git-(?<service>upload|receive)-pack\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Listing();

    [GeneratedRegex(@"^/git/(?<server>[^/?#]+)/(?<path>[^?#]+)/git-(?<service>upload|receive)-pack\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Exchange();
}
