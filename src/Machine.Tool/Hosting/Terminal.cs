using System.Runtime.InteropServices;

namespace Machine.Tool.Hosting;

/// <summary>What the standard streams are, without starting the console.</summary>
internal static partial class Terminal
{
    public static bool InputIsTerminal => OperatingSystem.IsWindows() ? !Console.IsInputRedirected : IsTerminal(0) == 1;

    public static bool OutputIsTerminal => OperatingSystem.IsWindows() ? !Console.IsOutputRedirected : IsTerminal(1) == 1;

    public static bool ErrorIsTerminal => OperatingSystem.IsWindows() ? !Console.IsErrorRedirected : IsTerminal(2) == 1;

    /// <summary>It obeys sequences.</summary>
    public static bool Understands => Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    /// <summary>A person can be asked: not in CI, and both ends are a terminal.</summary>
    public static bool CanAsk => InputIsTerminal && ErrorIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsTerminal(int descriptor);
}
