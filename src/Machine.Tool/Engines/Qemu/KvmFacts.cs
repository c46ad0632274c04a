using System.Runtime.InteropServices;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>What decides whether this host can use KVM.</summary>
internal sealed record KvmFacts
{
    public const string DevicePath = "/dev/kvm";

    /// <summary>/dev/kvm, links followed; null where there is none.</summary>
    public required UnixFile? Device { get; init; }

    /// <summary>The system's words when it was opened for reading and writing; null where it opens.</summary>
    public required string? WhyNotOpened { get; init; }

    /// <summary>Opening it failed for want of permission.</summary>
    public required bool IsDenied { get; init; }

    /// <summary><c>kvm_intel</c> or <c>kvm_amd</c>; null where the processor's flags show neither vmx nor svm.</summary>
    public required string? Module { get; init; }

    /// <summary>The processor's flags name a hypervisor: this host is a virtual machine.</summary>
    public required bool IsGuest { get; init; }

    /// <summary>The name of the device's group; null where /etc/group has none for its number.</summary>
    public required string? GroupOfDevice { get; init; }

    /// <summary>/etc/group lists the user in that group; a login from before that does not have it yet.</summary>
    public required bool IsMember { get; init; }

    public required bool IsArm { get; init; }

    public required bool IsContainer { get; init; }

    public required bool IsRoot { get; init; }

    public required string User { get; init; }

    public static KvmFacts OfThisHost()
    {
        var device = UnixFile.TryLook(ProjectRoot.RealPath(DevicePath));
        var (why, denied) = device is null ? (null, false) : Open();
        // Each start asks: the rest is for who has to be told something.
        var isReady = device is { IsCharacterDevice: true } && why is null;
        var (group, members) = isReady || device is null ? (null, []) : Group(device.Group, Text("/etc/group"));
        var flags = isReady ? [] : Flags(Text("/proc/cpuinfo"));
        var user = Environment.UserName;
        return new KvmFacts
        {
            Device = device,
            WhyNotOpened = why,
            IsDenied = denied,
            Module = flags.Contains("vmx") ? "kvm_intel" : flags.Contains("svm") ? "kvm_amd" : null,
            IsGuest = flags.Contains("hypervisor"),
            GroupOfDevice = group,
            IsMember = members.Contains(user),
            IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64,
            IsContainer = File.Exists("/.dockerenv") || File.Exists("/run/.containerenv") || Environment.GetEnvironmentVariable("container") is { Length: > 0 },
            IsRoot = UnixFile.Me == 0,
            User = user,
        };
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

    private static (string? Why, bool IsDenied) Open()
    {
        try
        {
            File.OpenHandle(DevicePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return (null, false);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return (e.Message, e is UnauthorizedAccessException);
        }
    }

    private static string Text(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
