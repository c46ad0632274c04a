namespace Machine.Tool.Engines.Qemu;

/// <summary>What a command line needs beyond the machine's own description.</summary>
/// <param name="Architecture"><c>x86_64</c> or <c>aarch64</c>.</param>
/// <param name="Uuid">New for every start; tells this process from any other.</param>
/// <param name="Root">The writable root disk.</param>
/// <param name="RootIsEphemeral">The root disk is forgotten with the machine.</param>
/// <param name="Firmware">For disks that boot by themselves where QEMU brings no firmware of its own; else null.</param>
/// <param name="Sandbox">QEMU's own system call filter; Linux has it.</param>
/// <param name="Balloon">
/// The guest may give memory back. Never with a memory file: what a guest gives back is cut out of the file that others
/// thaw from, and a hostile guest would do it on purpose.
/// </param>
/// <param name="Thaw">It waits for a frozen machine's state.</param>
/// <param name="VolumesPlugged">The frozen machine has its volumes already.</param>
internal sealed record QemuLaunch(
    string Architecture,
    Accelerator Accelerator,
    Guid Uuid,
    int SshPort,
    DiskFile Root,
    bool RootIsEphemeral,
    string QmpSocket,
    string ConsoleSocket,
    string PidFile,
    string? Firmware,
    bool Sandbox,
    bool Balloon = true,
    bool Thaw = false,
    bool VolumesPlugged = true);

/// <param name="Name"><c>kvm</c>, <c>hvf</c>, <c>whpx</c>, <c>tcg</c>.</param>
/// <param name="Cpu">CPU model that the guest sees.</param>
internal sealed record Accelerator(string Name, string Cpu);
