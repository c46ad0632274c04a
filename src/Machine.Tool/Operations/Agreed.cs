using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Operations;

/// <summary>What a person said yes to: paths, and of what they were shown the hash, so that the guest, which still runs, can't put something else in its place.</summary>
internal sealed class Agreed
{
    private readonly Dictionary<string, string> hashes = new(StringComparer.Ordinal);
    private readonly List<string> paths = [];

    private readonly bool asked;

    private Agreed(bool asked) => this.asked = asked;

    public IReadOnlyList<string> Paths => paths;

    /// <summary>
    /// Null where nobody was asked. What became guarded since (an execute bit, another file in a folder that was named) was not in any question, so
    /// no yes is to it.
    /// </summary>
    public Func<Change, string, bool>? Holds => !asked ? null
        : (change, hash) => hashes.TryGetValue(change.Path, out var agreed) ? agreed == hash : change.Class != ChangeClass.Guarded;

    public static Agreed Unbound(IReadOnlyList<string> paths)
    {
        var agreed = new Agreed(asked: false);
        agreed.paths.AddRange(paths);
        return agreed;
    }

    /// <summary>Shows the guarded ones that these paths name, and asks for each; what the paths name besides needs no question.</summary>
    public static async Task<Agreed> AskAsync(Workspace workspace, IReadOnlyList<Change> changes, IReadOnlyList<string> paths, IReview review, CancellationToken cancel)
    {
        var agreed = new Agreed(asked: true);
        foreach (var path in paths)
        {
            if (await agreed.IsYesAsync(workspace, changes, path, review, cancel))
            {
                agreed.paths.Add(path);
            }
        }

        return agreed;
    }

    private static bool IsOwnOutputIn(Change change, string folder) =>
        change is { Class: ChangeClass.Guarded, Reason: ImportPolicy.HostsOwn } && change.Path.StartsWith(folder + "/", StringComparison.Ordinal);

    private async Task<bool> IsYesAsync(Workspace workspace, IReadOnlyList<Change> changes, string path, IReview review, CancellationToken cancel)
    {
        if (changes.Any(change => change.Path == path && change.Class == ChangeClass.Guarded))
        {
            var one = await workspace.ShowAsync(path, cancel);
            return Bind(review.Agrees(one), [one]);
        }

        var own = changes.Where(change => IsOwnOutputIn(change, path)).ToList();
        if (own.Count == 0)
        {
            return true;
        }

        var files = await workspace.BindAsync(own, mayBeGuarded: true, cancel);
        return Bind(review.AgreesToReplace(files), files);
    }

    private bool Bind(bool isYes, IReadOnlyList<ShownChange> shown)
    {
        foreach (var one in isYes ? shown : [])
        {
            hashes[one.Change.Path] = one.Hash;
        }

        return isYes;
    }
}
