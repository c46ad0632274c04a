namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// The smallest guests that tell whether an accelerator works. Each writes a letter to a debug port at every stage, so a
/// hang is told with its place; <see cref="Done"/> is the last. They do what a kernel's first second does: change modes,
/// page, touch memory, compute, take timer interrupts. A processor needs 0.2 s for it, firmware included.
/// </summary>
/// <remarks>
/// Where this was written, /dev/kvm is a software stand-in that interprets a guest's instructions: a kernel got as far as
/// unpacking itself after 40 s and seemed to hang. The same sector without the loop passed there after 11 s; with it, never.
/// </remarks>
internal static class BootSector
{
    public const char Done = 'T';

    /// <summary>SeaBIOS boots no disk that is smaller than a cylinder.</summary>
    private const int DiskBytes = 1 << 20;

    private const string X86 =
        // Real mode, from the firmware: stack, 'R', descriptor table, CR0.PE, far jump.
        "fa31c08ed88ec08ed0bc007cb052e6e90f0116587d0f20c00c010f22c0ea227c0800" +
        // Protected mode: 'P', page tables at 0x10000 that map 128 MiB onto themselves in 2 MiB pages.
        "66b810008ed88ec08ed0b050e6e9bf0000010031c0b9000c0000f3abc705000001000310" +
        "0100c7050010010003200100bf00200100b883000000b9400000008907050000200083c7" +
        "08e2f4" +
        // CR4.PAE, CR3, EFER.LME, CR0.PG, far jump.
        "0f20e083c8200f22e0b8000001000f22d8b9800000c00f3280cc010f300f20c00d000000" +
        "800f22c0ea9c7c00001800" +
        // Long mode: 'L', a write to every page up to 16 MiB, 'M'.
        "b04ce6e9bf0000200048893f4881c7001000004881ff0000000172edb04de6e9" +
        // Twenty million turns of dec/jnz (ECX = 0x01312D00), 'W': 10 ms on a processor, minutes in an interpreter.
        "b9002d3101ffc975fcb057e6e9" +
        // Interrupt gate 0x20 to the handler below.
        "bf00320100488d055b00000066890766c74702180066c74704008e48c1e81066894706c7" +
        "4708000000000f011d64000000" +
        // Interrupt controller and timer: interrupt 0x20, every 3.6 ms.
        "b011e620b020e621b004e621b001e621b0fee621b034e643b0ffe640b010e640b303" +
        // Sleep until three interrupts have come, 'T', then 0x20 to the exit port: QEMU ends with code 65.
        "fbf484db75fbb054e6e9b02066baf400eef4ebfd" +
        // The handler: count down, acknowledge, return.
        "fecbb020e62048cf" +
        // Descriptors: null, 32-bit code, data, 64-bit code.
        "0000000000000000ffff0000009acf00ffff00000092cf00ffff0000009aaf00" +
        // Pointers to the two tables.
        "1f00387d0000ff0f0030010000000000";

    // movz x0, #0x900, lsl #16 (the UART); 'S'; twenty million turns; 'T'; PSCI SYSTEM_OFF.
    private static readonly uint[] Arm64 =
    [
        0xD2A12000, 0x52800A61, 0xB9000001, 0x52A02622, 0x71000442, 0x54FFFFE1,
        0x52800A81, 0xB9000001, 0x52B08000, 0x72800100, 0xD4000002, 0x14000000,
    ];

    /// <summary>A disk whose boot sector is the guest.</summary>
    public static byte[] Disk()
    {
        var disk = new byte[DiskBytes];
        Convert.FromHexString(X86).CopyTo(disk, 0);
        disk[510] = 0x55;
        disk[511] = 0xaa;
        return disk;
    }

    /// <summary>What QEMU loads as a raw arm64 kernel.</summary>
    public static byte[] Kernel() => [.. Arm64.SelectMany(BitConverter.GetBytes)];

    /// <summary>What a hang after these letters means.</summary>
    public static string Stage(string trail) => trail.LastOrDefault() switch
    {
        'R' => "it hangs on the way into protected mode",
        'P' => "it hangs on the way into long mode",
        'L' => "it hangs at touching memory",
        'M' or 'S' => "it computes no faster than an interpreter",
        'W' => "no timer interrupt arrives",
        _ => "the firmware did not get as far as booting",
    };
}
