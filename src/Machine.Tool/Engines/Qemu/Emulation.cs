namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// What makes a guest cheap to emulate. Nothing of it is a boundary: inside, root is anybody's. Nor is the emulator one in its developers'
/// own words (https://www.qemu.org/docs/master/system/security.html, "Non-virtualization Use Case"); what it may touch is
/// (<see cref="QemuConfinement"/>).
/// </summary>
internal static class Emulation
{
    public const string Name = "tcg";

    /// <summary>For the user.</summary>
    public const string Weakness =
        "the processor is emulated: QEMU's developers give no guarantee of isolation for that; accelerator: required in the Machinefile refuses it";

    /// <summary>
    /// Translated code is kept by address. Where each process has its libraries elsewhere, each is translated anew: with
    /// randomisation a program starts 3 to 4 times slower (perl 130 ms, without 32 ms) and a first build takes half as long again.
    /// </summary>
    public const string KernelArguments = "norandmaps";

    /// <summary>All that the emulator can, but what makes it translate a page twice, or look up five levels of page tables for four.</summary>
    public static Accelerator For(string architecture) =>
        new(Name, architecture == "aarch64" ? "max,pauth-impdef=on" : "max,la57=off,smap=off,smep=off,pku=off");
}
