namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// What makes a guest cheap to emulate. Nothing of it is a boundary: inside, root is anybody's, and the machine around it holds.
/// </summary>
internal static class Emulation
{
    public const string Name = "tcg";

    /// <summary>
    /// Translated code is kept by address. Where each process has its libraries elsewhere, each is translated anew: with
    /// randomisation a program starts 3 to 4 times slower (perl 130 ms, without 32 ms) and a first build takes half as long again.
    /// </summary>
    public const string KernelArguments = "norandmaps";

    /// <summary>All that the emulator can, but what makes it translate a page twice, or look up five levels of page tables for four.</summary>
    public static Accelerator For(string architecture) =>
        new(Name, architecture == "aarch64" ? "max,pauth-impdef=on" : "max,la57=off,smap=off,smep=off,pku=off");
}
