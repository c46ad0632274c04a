using Machine.Tool.Control;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Operations that start the machine, as a person at a terminal meets them: asked first, and shown how far it is.</summary>
internal static class ConsoleLease
{
    /// <inheritdoc cref="StartMachine.Lease"/>
    public static Task<ClientLease> OfAsync(OpenedProject project, string display, CancellationToken cancel) =>
        ShownAsync(progress => StartMachine.Lease(project, display, ConsoleConsent.Of(), progress, cancel));

    /// <inheritdoc cref="HeldChanges.Open"/>
    public static Task<HeldChanges?> OfChangesAsync(OpenedProject project, string display, CancellationToken cancel) =>
        ShownAsync(progress => HeldChanges.Open(project, display, ConsoleConsent.Of(), progress, cancel));

    private static async Task<T> ShownAsync<T>(Func<Func<ProgressView>, T> work)
    {
        ProgressView? view = null;
        try
        {
            return work(() => view ??= ProgressView.Create());
        }
        finally
        {
            if (view is not null)
            {
                await view.DisposeAsync();
            }
        }
    }
}
