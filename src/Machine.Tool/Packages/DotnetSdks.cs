using Machine.Tool.Hosting;

namespace Machine.Tool.Packages;

/// <summary>Finds the real SDK of this host, whose NuGet this tool uses.</summary>
internal static class DotnetSdks
{
    // What makes a folder below sdk/ a real SDK: the shim's folder (.machine/sdk/V) holds a dotnet.dll too.
    private const string Mark = "NuGet.Protocol.dll";

    /// <summary>The SDK's folder, of the newest fitting version in the first root that has one.</summary>
    /// <exception cref="MachineException">There is none.</exception>
    public static string FindNewest() =>
        Roots().Select(root => Newest(root, Environment.Version.Major)).FirstOrDefault(folder => folder is not null)
        ?? throw new MachineException(
            $"no .NET SDK {Environment.Version.Major} or newer was found; packages are read with the NuGet that comes with it (looked in {string.Join(", ", Roots())})",
            "install the .NET SDK, or set DOTNET_ROOT to the folder that holds it",
            ExitCode.MachineUnavailable);

    /// <summary>
    /// The newest SDK below a root. Of the runtime's own major where there is one: the NuGet of a newer SDK is built for a
    /// newer runtime than this process has, and is tried only when nothing else is there.
    /// </summary>
    public static string? Newest(string root, int runtimeMajor)
    {
        var sdks = Path.Combine(root, "sdk");
        if (!Directory.Exists(sdks))
        {
            return null;
        }

        return Directory.EnumerateDirectories(sdks)
            .Select(folder => (Folder: folder, Version: SdkVersion(Path.GetFileName(folder))))
            .Where(sdk => sdk.Version is not null && sdk.Version.Number.Major >= runtimeMajor && File.Exists(Path.Combine(sdk.Folder, Mark)))
            .OrderByDescending(sdk => sdk.Version!.Number.Major == runtimeMajor)
            .ThenByDescending(sdk => sdk.Version!.Number)
            .ThenByDescending(sdk => sdk.Version!.Label.Length == 0)
            .ThenByDescending(sdk => sdk.Version!.Label, StringComparer.Ordinal)
            .Select(sdk => sdk.Folder)
            .FirstOrDefault();
    }

    // The running runtime's own root first: an installed tool is started by an apphost that found this very root.
    private static IEnumerable<string> Roots()
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location);
        string?[] candidates =
        [
            string.IsNullOrEmpty(runtime) ? null : Path.GetFullPath(Path.Combine(ProjectRoot.RealPath(runtime), "..", "..", "..")),
            Environment.GetEnvironmentVariable("DOTNET_ROOT"),
            Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")),
            HostProgram.Find("dotnet") is { } muxer ? Path.GetDirectoryName(ProjectRoot.RealPath(muxer)) : null,
        ];
        return candidates.OfType<string>().Where(root => root.Length > 0).Distinct(StringComparer.Ordinal);
    }

    private static Parsed? SdkVersion(string name)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return Version.TryParse(dash < 0 ? name : name[..dash], out var number)
            ? new Parsed(number, dash < 0 ? "" : name[dash..])
            : null;
    }

    private sealed record Parsed(Version Number, string Label);
}
