namespace Machine.Tool.Engines.Qemu;

/// <summary>What a command line needs beyond the machine's own description.</summary>
internal sealed record QemuLaunch
{
    /// <summary><c>x86_64</c> or <c>aarch64</c>.</summary>
    public required string Architecture { get; init; }

    public required Accelerator Accelerator { get; init; }

    /// <summary>New for every start; tells this process from any other.</summary>
    public required Guid Uuid { get; init; }

    public required int SshPort { get; init; }

    /// <summary>The writable root disk.</summary>
    public required DiskFile Root { get; init; }

    /// <summary>The root disk is forgotten with the machine.</summary>
    public required bool RootIsEphemeral { get; init; }

    public required string QmpSocket { get; init; }

    public required string ConsoleSocket { get; init; }

    public required string PidFile { get; init; }

    /// <summary>For disks that boot by themselves where QEMU brings no firmware of its own; else null.</summary>
    public string? Firmware { get; init; }

    /// <summary>QEMU's own system call filter; Linux has it.</summary>
    public required bool Sandbox { get; init; }

    /// <summary>
    /// The guest may give memory back. Never with a memory file: what a guest gives back is cut out of the file that others
    /// thaw from, and a hostile guest would do it on purpose.
    /// </summary>
    public bool Balloon { get; init; } = true;

    /// <summary>Its own memory as it was frozen, which it maps for itself alone and uses up; null: it has none, or it is loaded with the state.</summary>
    public string? OwnMemory { get; init; }

    /// <summary>It waits for a frozen machine's state.</summary>
    public bool Thaw { get; init; }

    /// <summary>The frozen machine has its volumes already.</summary>
    public bool VolumesPlugged { get; init; } = true;
}

/// <param name="Name"><c>kvm</c>, <c>hvf</c>, <c>whpx</c>, <c>tcg</c>.</param>
/// <param name="Cpu">CPU model that the guest sees.</param>
internal sealed record Accelerator(string Name, string Cpu);
