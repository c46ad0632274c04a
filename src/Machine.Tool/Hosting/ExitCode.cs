namespace Machine.Tool.Hosting;

/// <summary>Exit codes of the tool itself. A command that ran in the guest keeps its own code.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>A verb of this tool failed (not a command in the guest).</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The machine could not run the command at all; as containers' tools use it, apart from codes of commands.</summary>
    public const int MachineUnavailable = 125;

    /// <summary>Ended by Ctrl+C.</summary>
    public const int Interrupted = 130;
}
