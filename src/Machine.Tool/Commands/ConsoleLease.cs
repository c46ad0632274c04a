using Machine.Tool.Control;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Operations that start the machine, as a person at a terminal meets them: asked first, and shown how far it is.</summary>
internal static class ConsoleLease
{
    /// <inheritdoc cref="StartMachine.Lease"/>
    public static ClientLease Of(OpenedProject project, string display, CancellationToken cancel) =>
        ProgressView.Shown(progress => StartMachine.Lease(project, display, ConsoleConsent.Of(), progress, cancel));

    /// <inheritdoc cref="HeldChanges.Open"/>
    public static HeldChanges? OfChanges(OpenedProject project, string display, CancellationToken cancel) =>
        ProgressView.Shown(progress => HeldChanges.Open(project, display, ConsoleConsent.Of(), progress, cancel));
}
