namespace Machine.Tool.Engines.Qemu;

/// <summary>Linux' accelerator, as far as a look at its device tells.</summary>
internal static class KvmDevice
{
    private const string Device = "/dev/kvm";

    /// <summary>Why it can't even be tried, and what to do; null when a probe is worth while.</summary>
    public static (string Message, string Fix)? Problem()
    {
        if (!File.Exists(Device))
        {
            return ($"there is no {Device}", "switch on virtualisation in the firmware (or nested virtualisation, if this host is a virtual machine) and load kvm_intel or kvm_amd");
        }

        try
        {
            File.OpenHandle(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return null;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return ($"{Device} cannot be opened: {e.Message}", $"sudo usermod -aG kvm {Environment.UserName}, then log in again");
        }
    }
}
