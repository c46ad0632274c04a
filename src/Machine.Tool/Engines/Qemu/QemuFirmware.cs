using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>QEMU brings a BIOS for x86-64. For arm64 the distribution's UEFI has to be found, where a disk is to boot by itself.</summary>
internal static class QemuFirmware
{
    private static readonly string[] Places =
    [
        "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
        "/usr/share/AAVMF/AAVMF_CODE.fd",
        "/usr/share/edk2/aarch64/QEMU_EFI.fd",
        "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
        "/usr/local/share/qemu/edk2-aarch64-code.fd",
    ];

    /// <summary>Null where QEMU's own will do.</summary>
    /// <exception cref="MachineException">None is installed.</exception>
    public static string? Find(string architecture) =>
        architecture != "aarch64"
            ? null
            : Places.FirstOrDefault(File.Exists) ?? throw new MachineException(
                "a disk image that boots by itself needs UEFI firmware, and none is installed",
                $"install it: {HostProgram.InstallHint("qemu-efi-aarch64")}",
                ExitCode.MachineUnavailable);
}
