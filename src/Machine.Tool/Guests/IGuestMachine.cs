namespace Machine.Tool.Guests;

/// <summary>The virtual machine around a guest, as far as whoever waits for the guest needs to know it.</summary>
internal interface IGuestMachine
{
    /// <summary>Completes when the machine has ended, with its last words (empty when it went in peace).</summary>
    Task<string> Exited { get; }

    /// <summary>Why the guest stands still at the moment (the host's disk is full); null while it runs.</summary>
    string? Trouble => null;

    /// <summary>The console's last lines, for an error message about a boot that failed.</summary>
    string ConsoleTail(int lines);
}
