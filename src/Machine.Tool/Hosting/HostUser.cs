using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Machine.Tool.Hosting;

/// <summary>The user of the host whom the guest's user mirrors: same name, same numbers.</summary>
internal sealed partial record HostUser(string Name, uint UserId, uint GroupId)
{
    /// <summary>The home inside. It is never the host's own folder.</summary>
    public string GuestHome => UserId == 0 ? "/root" : $"/home/{Name}";

    // Windows has no such numbers: the guest's first ordinary user is used.
    public static HostUser Current => OperatingSystem.IsWindows()
        ? new HostUser(Clean(Environment.UserName), 1000, 1000)
        : new HostUser(GetUserId() == 0 ? "root" : Clean(Environment.UserName), GetUserId(), GetGroupId());

    // useradd takes no more than this.
    private static string Clean(string name)
    {
        var clean = Regex.Replace(name.ToLowerInvariant(), "[^a-z0-9_-]", "-").TrimStart('-');
        return clean.Length == 0 || char.IsAsciiDigit(clean[0]) ? "u" + clean : clean[..Math.Min(clean.Length, 32)];
    }

    [LibraryImport("libc", EntryPoint = "getuid")]
    private static partial uint GetUserId();

    [LibraryImport("libc", EntryPoint = "getgid")]
    private static partial uint GetGroupId();
}
