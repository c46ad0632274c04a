using System.Globalization;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>
/// Makes git inside ask this door for the servers that rules name, whatever a repository calls its remotes: as variables, which stand beside every file of
/// git's configuration and change none. Source: git-config(1), GIT_CONFIG_COUNT and url.&lt;base&gt;.insteadOf.
/// </summary>
internal static class GitRewrites
{
    private const string Count = "GIT_CONFIG_COUNT";

    /// <summary>git's own limit is far above; what a user set stays.</summary>
    private const int MostOfUser = 10_000;

    /// <param name="variables">Of a command inside; those that are there stay.</param>
    /// <param name="door">This door as the guest sees it, with a slash at the end.</param>
    public static void Add(IDictionary<string, string> variables, NetworkRules rules, string door)
    {
        var first = 0;
        if (rules.Git.Count == 0 || (variables.TryGetValue(Count, out var text) && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out first) && first < MostOfUser)))
        {
            return;
        }

        var next = first;
        foreach (var (name, port) in rules.Git.Select(rule => (rule.Name, rule.Port)).Distinct())
        {
            var place = GitRepository.Place(name, port);
            foreach (var form in port == GitRepository.UsualPort ? [$"https://{place}/", $"git@{place}:", $"ssh://git@{place}/"] : new[] { $"https://{place}/" })
            {
                variables[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_KEY_{next}")] = $"url.{door}{place}/.insteadOf";
                variables[string.Create(CultureInfo.InvariantCulture, $"GIT_CONFIG_VALUE_{next}")] = form;
                next++;
            }
        }

        variables[Count] = next.ToString(CultureInfo.InvariantCulture);
    }
}
