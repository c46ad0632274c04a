using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>What the rules say of one request.</summary>
/// <param name="Rule">The one that decided, as text; null where none did.</param>
/// <param name="Private">The server may have an address of a private network.</param>
/// <param name="Reason">In words for whoever was denied; null where it is allowed.</param>
/// <param name="Wish">The rule that would allow it.</param>
internal sealed record GitVerdict(string? Rule, bool Private = false, string? Reason = null, string? Wish = null)
{
    public bool Allowed => Reason is null;
}

/// <summary>Judges which repositories a machine may use through this host, and how. Deny beats allow, what no rule names is denied, and to push is a right of its own.</summary>
internal static class GitPolicy
{
    public static GitVerdict Judge(NetworkRules rules, GitRepository repository, bool push)
    {
        if (rules.Denying(repository.Name, repository.Port)?.Text is { } server)
        {
            return Denied(repository, server);
        }

        if (rules.GitDeny.FirstOrDefault(rule => (push || !rule.Push) && rule.Denies(repository))?.Text is { } denying)
        {
            return Denied(repository, denying);
        }

        var covering = rules.DeniesAll ? [] : rules.Git.Where(rule => rule.Covers(repository)).ToList();
        // The one that says most of the repository: by its own name, then with a word for private networks.
        if (covering.Where(rule => rule.Push || !push).OrderByDescending(rule => rule.IsExact).ThenByDescending(rule => rule.Private).FirstOrDefault() is { } allowing)
        {
            return new GitVerdict(allowing.Text, allowing.Private);
        }

        var wish = new GitRule { Name = repository.Name, Port = repository.Port, Path = repository.Path, Push = push }.Text;
        return new GitVerdict(
            null,
            Reason: push && covering.Count > 0
                ? $"machine: {repository} may be cloned and not pushed to; on the host: dotnet machine network allow {wish}"
                : $"machine: {repository} is not among the repositories that this project's machine may {(push ? "push to" : "clone")}; on the host: dotnet machine network allow {wish}",
            Wish: wish);
    }

    private static GitVerdict Denied(GitRepository repository, string rule) => new(rule, Reason: $"machine: {repository} is denied by the rule {rule} (dotnet machine network show)");
}
