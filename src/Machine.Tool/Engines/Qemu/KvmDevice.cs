using System.Runtime.InteropServices;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Linux' accelerator, as far as a look at its device tells, and what a user types where it can't be used.</summary>
internal static class KvmDevice
{
    public const string Path = "/dev/kvm";

    /// <summary>Why it can't even be tried, and what to do; null when a probe is worth while.</summary>
    public static (string Message, string Fix)? Problem() => Problem(KvmFacts.OfThisHost());

    internal static (string Message, string Fix)? Problem(KvmFacts host) =>
        host.Device is not { } device ? Missing(host)
        : !device.IsDevice ? ($"{Path} is no device", host.IsContainer ? Hand(host) : $"sudo rm {Path}, then sudo modprobe {host.Module ?? "kvm_intel"}")
        : host.WhyNotOpened is not { } why ? null
        : host.MayNotOpen ? Refused(host, device, why)
        : ($"{Path} is there and does not open: {why}", $"is another hypervisor running? If not: sudo modprobe {host.Module ?? "kvm_intel"}");

    private static (string Message, string Fix) Missing(KvmFacts host) => host switch
    {
        { IsContainer: true } => ($"this container has no {Path}", Hand(host)),
        { Module: { } module } => ($"there is no {Path}, though the processor can: its module is not loaded", $"sudo modprobe {module}   (for every boot: echo {module} | sudo tee /etc/modules-load.d/kvm.conf)"),
        { IsArm: true } => ($"there is no {Path}", "its kernel has to be started with the processor's hypervisor mode (EL2), which a virtual machine rarely has"),
        { IsGuest: true } => (
            $"there is no {Path}: this host is itself a virtual machine, whose processor has no virtualisation",
            "switch on nested virtualisation where this virtual machine is defined (libvirt: <cpu mode='host-passthrough'/>; Hyper-V: Set-VMProcessor NAME -ExposeVirtualizationExtensions $true; VMware: \"Virtualize Intel VT-x/EPT or AMD-V/RVI\"; a cloud: an instance type that has it), and start it again"),
        _ => ($"there is no {Path}: the processor's virtualisation is switched off", "switch on Intel VT-x (VMX) or AMD-V (SVM) in the firmware's settings"),
    };

    private static (string Message, string Fix) Refused(KvmFacts host, UnixFile device, string why)
    {
        var group = host.GroupOfDevice;
        return host switch
        {
            { IsRoot: true } or { IsContainer: true } => ($"{Path} may not be opened: {why}", Hand(host)),
            _ when group is null || (device.Mode & 0x30) != 0x30 => (
                $"{Path} may not be opened by you, nor by any group (it has mode {device.Permissions})", $"sudo chgrp kvm {Path} && sudo chmod 660 {Path}, and join its group: sudo usermod -aG kvm {host.User}"),
            { IsMember: true } => ($"{Path} is for the group {group}, in which you are since after you logged in", $"log out and in again (or for one shell: newgrp {group})"),
            _ => ($"{Path} is for the group {group}, in which you are not", $"sudo usermod -aG {group} {host.User}, then log out and in again"),
        };
    }

    private static string Hand(KvmFacts host) => host.IsContainer ? $"start the container with --device {Path}" : "a rule of this host (a device group, AppArmor, SELinux) forbids it";
}

/// <summary>What decides whether KVM can be tried.</summary>
/// <param name="Device">Null where it is not there.</param>
/// <param name="WhyNotOpened">The system's words; null where it opens.</param>
/// <param name="MayNotOpen">A matter of rights.</param>
/// <param name="Module">What the processor needs to be loaded; null where the processor shows no virtualisation.</param>
/// <param name="IsGuest">A hypervisor tells this host that it is one.</param>
/// <param name="GroupOfDevice">By name; null where it has none.</param>
/// <param name="IsMember">The user is in that group, by the list of groups.</param>
internal sealed record KvmFacts(
    UnixFile? Device, string? WhyNotOpened, bool MayNotOpen, string? Module, bool IsGuest, bool IsArm, bool IsContainer, bool IsRoot, string User, string? GroupOfDevice, bool IsMember)
{
    public static KvmFacts OfThisHost()
    {
        var device = UnixFile.TryLook(ProjectRoot.RealPath(KvmDevice.Path));
        var (why, rights) = device is null ? (null, false) : Open();
        var (group, members) = device is null ? (null, []) : Group(device.Group, Text("/etc/group"));
        var flags = Flags(Text("/proc/cpuinfo"));
        var user = Environment.UserName;
        return new KvmFacts(
            device,
            why,
            rights,
            flags.Contains("vmx") ? "kvm_intel" : flags.Contains("svm") ? "kvm_amd" : null,
            flags.Contains("hypervisor"),
            RuntimeInformation.ProcessArchitecture == Architecture.Arm64,
            File.Exists("/.dockerenv") || File.Exists("/run/.containerenv") || Environment.GetEnvironmentVariable("container") is { Length: > 0 },
            UnixFile.Me == 0,
            user,
            group,
            members.Contains(user));
    }

    /// <summary>Of the first processor in /proc/cpuinfo.</summary>
    internal static HashSet<string> Flags(string processors) =>
        processors.Split('\n').FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) is { } line
            ? [.. line[(line.IndexOf(':') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)]
            : [];

    /// <summary>Name and members of a group, from the lines of /etc/group.</summary>
    internal static (string? Name, string[] Members) Group(uint id, string groups) =>
        groups.Split('\n').Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length == 4 && fields[2] == id.ToString(System.Globalization.CultureInfo.InvariantCulture)) is { } found
            ? (found[0], found[3].Split(','))
            : (null, []);

    private static (string? Why, bool Rights) Open()
    {
        try
        {
            File.OpenHandle(KvmDevice.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return (null, false);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return (e.Message, e is UnauthorizedAccessException);
        }
    }

    private static string Text(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
