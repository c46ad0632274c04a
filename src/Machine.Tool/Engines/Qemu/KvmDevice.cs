using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Linux' accelerator, as far as a look at its device tells, and what a user types where it can't be used.</summary>
internal static class KvmDevice
{
    private const string DevicePath = KvmFacts.DevicePath;

    /// <summary>Why it can't even be tried, and what to do; null when a probe is worth while.</summary>
    public static (string Message, string Fix)? Problem() => Problem(KvmFacts.OfThisHost());

    internal static (string Message, string Fix)? Problem(KvmFacts host) =>
        host.Device is not { } device ? Missing(host)
        : !device.IsCharacterDevice ? ($"{DevicePath} is no device", host.IsContainer ? PassDevice(host) : $"sudo rm {DevicePath}, then sudo modprobe {host.Module ?? "kvm_intel"}")
        : host.WhyNotOpened is not { } why ? null
        : host.IsDenied ? Refused(host, device, why)
        : ($"{DevicePath} is there and does not open: {why}", $"is another hypervisor running? If not: sudo modprobe {host.Module ?? "kvm_intel"}");

    private static (string Message, string Fix) Missing(KvmFacts host) => host switch
    {
        { IsContainer: true } => ($"this container has no {DevicePath}", PassDevice(host)),
        { Module: { } module } => ($"there is no {DevicePath}, though the processor can: its module is not loaded", $"sudo modprobe {module}   (for every boot: echo {module} | sudo tee /etc/modules-load.d/kvm.conf)"),
        { IsArm: true } => ($"there is no {DevicePath}", "its kernel has to be started with the processor's hypervisor mode (EL2), which a virtual machine rarely has"),
        { IsGuest: true } => (
            $"there is no {DevicePath}: this host is itself a virtual machine, whose processor has no virtualisation",
            "switch on nested virtualisation where this virtual machine is defined (libvirt: <cpu mode='host-passthrough'/>; Hyper-V: Set-VMProcessor NAME -ExposeVirtualizationExtensions $true; VMware: \"Virtualize Intel VT-x/EPT or AMD-V/RVI\"; a cloud: an instance type that has it), and start it again"),
        _ => ($"there is no {DevicePath}: the processor's virtualisation is switched off", "switch on Intel VT-x (VMX) or AMD-V (SVM) in the firmware's settings"),
    };

    private static (string Message, string Fix) Refused(KvmFacts host, UnixFile device, string why)
    {
        var group = host.GroupOfDevice;
        return host switch
        {
            _ when host.IsRoot || host.IsContainer || device.OthersMayReadAndWrite => ($"{DevicePath} may not be opened: {why}", PassDevice(host)),
            _ when !device.GroupMayReadAndWrite => (
                $"{DevicePath} may be opened by no group (its mode is {device.Permissions})", $"sudo chgrp kvm {DevicePath} && sudo chmod 660 {DevicePath}, and join its group: sudo usermod -aG kvm {host.User}"),
            { GroupOfDevice: null } => ($"{DevicePath} is for the group of number {device.Group}, which /etc/group does not name", $"ask whoever keeps this host's users to take you into it (getent group {device.Group})"),
            { IsMember: true } => ($"{DevicePath} is for the group {group}, which you joined after you logged in", $"log out and in again (or for one shell: newgrp {group})"),
            _ => ($"{DevicePath} is for the group {group}, in which you are not", $"sudo usermod -aG {group} {host.User}, then log out and in again"),
        };
    }

    private static string PassDevice(KvmFacts host) => host.IsContainer ? $"start the container with --device {DevicePath}" : "look which rule of this host forbids it: a device cgroup, AppArmor or SELinux (sudo dmesg | grep -i denied)";
}
