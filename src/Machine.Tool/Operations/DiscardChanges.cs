using Machine.Tool.Hosting;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>Forgets changes inside, so that the host's files show through again.</summary>
internal static class DiscardChanges
{
    /// <param name="workspace">Null where nothing can wait.</param>
    /// <param name="paths">Of the project; none means everything, which is asked for.</param>
    /// <returns>What was forgotten; null where nobody said yes.</returns>
    /// <exception cref="MachineException">Nothing waits at a path that was named.</exception>
    public static async Task<IReadOnlyList<Change>?> RunAsync(Workspace? workspace, IReadOnlyList<string> paths, IConsent consent, CancellationToken cancel)
    {
        if (workspace is null)
        {
            return paths.Count == 0 ? [] : throw HeldChanges.NothingAt(paths[0]);
        }

        if (paths.Count == 0 && consent is not GivenConsent
            && await workspace.ListAsync(cancel) is { Count: > 0 } waiting
            && consent.Ask($"Forgetting {HumanText.Count(waiting.Count, "change")} loses what is nowhere else.", "Forget?") != true)
        {
            return null;
        }

        return await workspace.DiscardAsync(paths, cancel);
    }
}
