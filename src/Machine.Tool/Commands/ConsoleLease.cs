using Machine.Tool.Control;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Operations that start the machine, as a person at a terminal meets them: asked first, and shown how far it is.</summary>
internal static class ConsoleLease
{
    /// <inheritdoc cref="StartMachine.Lease"/>
    public static Task<ClientLease> OfAsync(OpenedProject project, string display, CancellationToken cancel) =>
        ProgressView.ShownAsync(progress => StartMachine.Lease(project, display, ConsoleConsent.Of(), progress, cancel));

    /// <inheritdoc cref="HeldChanges.Open"/>
    public static Task<HeldChanges?> OfChangesAsync(OpenedProject project, string display, CancellationToken cancel) =>
        ProgressView.ShownAsync(progress => HeldChanges.Open(project, display, ConsoleConsent.Of(), progress, cancel));
}
