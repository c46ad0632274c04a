using System.Diagnostics;

namespace Machine.Tool.Control;

/// <summary>What a client does with the output of the ssh that it starts for a command.</summary>
internal interface ICommandStreams
{
    /// <summary>Before the start: which streams are taken.</summary>
    void Prepare(ProcessStartInfo start);

    void Begin(Process process);

    /// <summary>The process has ended.</summary>
    void End();
}
