using System.Runtime.InteropServices;

namespace Machine.Tool.Commands;

/// <summary>
/// Ctrl+C, and SIGTERM, by which a pipeline ends a step: heeded by who has begun something that is to be cleaned up. Until then they
/// end the process, as everywhere; listening takes longer than a short command has.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource cancel = new();
    private readonly List<PosixSignalRegistration> registrations = [];

    public CancellationToken Token => cancel.Token;

    public void Heed()
    {
        if (registrations.Count == 0)
        {
            registrations.AddRange([PosixSignalRegistration.Create(PosixSignal.SIGINT, End), PosixSignalRegistration.Create(PosixSignal.SIGTERM, End)]);
        }
    }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        cancel.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        cancel.Cancel();
    }
}
