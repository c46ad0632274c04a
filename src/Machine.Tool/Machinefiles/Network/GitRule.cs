using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Network;

/// <summary>
/// Repositories that a machine may clone and fetch with this user's credentials, which stay on the host: <c>git:github.com/acme/*</c>; <c>git+push:github.com/acme/shop</c>
/// to push as well. In a path <c>*</c> is one segment, and <c>**</c> at its end is all below.
/// </summary>
internal sealed record GitRule
{
    private const string Reads = "git:";
    private const string Pushes = "git+push:";
    private const string One = "*";
    private const string All = "**";

    public required HostName Name { get; init; }

    public int Port { get; init; } = GitRepository.UsualPort;

    /// <summary>Segments, <c>*</c> for one, and <c>**</c> at the end; without <c>.git</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Also to push; of a rule that denies: only to push.</summary>
    public bool Push { get; init; }

    /// <summary>The server may have an address of a private network.</summary>
    public bool Private { get; init; }

    /// <summary>The repositories alone.</summary>
    public string Place => GitRepository.Place(Name, Port) + "/" + Path;

    /// <summary>Written in one way, so that two rules that say the same are the same text.</summary>
    public string Text => (Push ? Pushes : Reads) + Place;

    /// <summary>For a plan: which repositories a person agrees to.</summary>
    public string Says => $"{Place}{(Path.Contains('*', StringComparison.Ordinal) ? " (every repository there that you can reach)" : "")}{(Private ? ", also in a private network" : "")}";

    /// <summary>No star leaves anything open.</summary>
    public bool IsExact => !Path.Contains('*', StringComparison.Ordinal);

    public static bool IsOne(string text) => text.StartsWith(Reads, StringComparison.Ordinal) || text.StartsWith(Pushes, StringComparison.Ordinal);

    public bool Covers(GitRepository repository) => repository.Name == Name && repository.Port == Port && Matches(Path, repository.Path, StringComparison.Ordinal);

    /// <summary>As a rule that denies: in any letter case, and however often <c>.git</c> stands at the end, for many a server reads names so.</summary>
    public bool Denies(GitRepository repository)
    {
        var path = repository.Path;
        while (path.EndsWith(GitRepository.Suffix, StringComparison.OrdinalIgnoreCase))
        {
            path = path[..^GitRepository.Suffix.Length];
        }

        return repository.Name == Name && repository.Port == Port && Matches(Path, path, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Some repository is covered by both.</summary>
    public bool Overlaps(GitRule other) => Name == other.Name && Port == other.Port && Meet(Path.Split('/'), other.Path.Split('/'));

    /// <summary>The server is one of that rule's.</summary>
    public bool IsAt(NetworkRule rule) => rule.Covers(Name, rule.Port ?? GitRepository.UsualPort) && (rule.Port is null || rule.Port == Port);

    /// <returns>The rule, or what is wrong with it.</returns>
    public static (GitRule? Rule, RuleFlaw? Flaw) Parse(string text)
    {
        var push = text.StartsWith(Pushes, StringComparison.Ordinal);
        var place = text[(push ? Pushes : Reads).Length..];
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || slash == place.Length - 1)
        {
            return Wrong(text, "names no repository", $"write {(push ? Pushes : Reads)}git.example.com/acme/shop, or …/acme/* for all below acme");
        }

        if (GitRepository.Server(place[..slash]) is not var (name, port))
        {
            return Wrong(text, $"has the server {Printable.Quote(place[..slash])}", "write its name as in the address of a clone, without https:// and without a user");
        }

        if (GitRepository.PathOf(place[(slash + 1)..]) is not { } path || Array.Find(path.Split('/')[..^1], part => !(part == One || GitRepository.IsSegment(part))) is not null
            || path.Split('/')[^1] is not (One or All) && !GitRepository.IsSegment(path.Split('/')[^1]))
        {
            return Wrong(text, $"has the path {Printable.Quote(place[(slash + 1)..])}", "a path is names with / between them; * stands for one whole name, and ** at the end for all below");
        }

        return (new GitRule { Name = name, Port = port, Path = path, Push = push }, null);
    }

    private static (GitRule? Rule, RuleFlaw? Flaw) Wrong(string text, string what, string remedy) => (null, new RuleFlaw($"{Printable.Quote(text)} {what}", remedy));

    private static bool Matches(string pattern, string path, StringComparison comparison)
    {
        var (wanted, parts) = (pattern.Split('/'), path.Split('/'));
        var open = wanted[^1] == All;
        var fixedParts = open ? wanted[..^1] : wanted;
        return (open ? parts.Length > fixedParts.Length : parts.Length == fixedParts.Length)
            && fixedParts.Zip(parts).All(pair => pair.First == One || string.Equals(pair.First, pair.Second, comparison));
    }

    private static bool Meet(ReadOnlySpan<string> ours, ReadOnlySpan<string> theirs)
    {
        while (!ours.IsEmpty && !theirs.IsEmpty)
        {
            if (ours[0] == All || theirs[0] == All)
            {
                return true;
            }

            if (ours[0] != One && theirs[0] != One && !string.Equals(ours[0], theirs[0], StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            ours = ours[1..];
            theirs = theirs[1..];
        }

        return ours.IsEmpty && theirs.IsEmpty;
    }
}
