using System.Runtime.InteropServices;
using Machine.Tool.Hosting;

namespace Machine.Tool.Sdks;

/// <summary>The SDK that a project gets in its machine.</summary>
/// <param name="Why">What asked for it, for the user: <c>/src/global.json asks for 10.0.100 (rollForward latestFeature)</c>.</param>
internal sealed record SdkChoice(string Version, string Why, SdkSource Source);

/// <summary>Decides which SDK a project gets, and where it comes from. Never evaluates the project: reads its global.json alone.</summary>
internal sealed class SdkResolver
{
    public const string ArchivesVariable = "MACHINE_SDK_ARCHIVES";

    private readonly string? root;
    private readonly string archives;
    private readonly bool sameSystem;

    public SdkResolver(MachinePaths paths)
        : this(
            DotnetRoot.Find(),
            Environment.GetEnvironmentVariable(ArchivesVariable) is { Length: > 0 } folder ? folder : Path.Combine(paths.Home, "sdks"),
            // The guest is a glibc Linux with this host's processor.
            OperatingSystem.IsLinux() && !RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal) && !RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal))
    {
    }

    internal SdkResolver(string? dotnetRoot, string archiveFolder, bool sameSystem)
    {
        root = dotnetRoot;
        archives = archiveFolder;
        this.sameSystem = sameSystem;
    }

    private static string ArchiveSuffix => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "-linux-arm64.tar.gz" : "-linux-x64.tar.gz";

    /// <param name="sdk">The Machinefile's value: <c>global.json</c>, an exact version, or <c>none</c>.</param>
    /// <returns>Null for <c>none</c>.</returns>
    /// <exception cref="MachineException">No SDK on this host fits; says which there are and where to put another.</exception>
    public SdkChoice? Resolve(string projectFolder, string sdk)
    {
        if (sdk == "none")
        {
            return null;
        }

        var (policy, why) = Policy(projectFolder, sdk);
        var version = policy.Choose(Installed()) ?? policy.Choose(Archived().Keys) ?? throw Missing($"{why}, and no SDK on this host fits", policy.Requested?.ToString() ?? "VERSION");
        return new SdkChoice(version.ToString(), why, Locate(version.ToString()));
    }

    /// <summary>Where exactly this version comes from.</summary>
    /// <exception cref="MachineException">Nowhere.</exception>
    public SdkSource Locate(string version)
    {
        if (sameSystem && root is not null && Directory.Exists(Path.Combine(root, "sdk", version)))
        {
            return new HostSdk(root, version);
        }

        return SdkVersion.TryParse(version) is { } wanted && Archived().TryGetValue(wanted, out var file)
            ? new ArchiveSdk(file, version)
            : throw Missing(sameSystem ? $"the .NET SDK {version} is not on this host" : $"the guest needs the .NET SDK {version} for Linux", version);
    }

    private static (SdkPolicy Policy, string Why) Policy(string projectFolder, string sdk)
    {
        if (sdk != "global.json")
        {
            var version = SdkVersion.TryParse(sdk) ?? throw new MachineException(
                $"sdk: {sdk} in the Machinefile is no version", "write global.json, an exact version such as 10.0.100, or none", ExitCode.MachineUnavailable);
            return (SdkPolicy.Exactly(version), $"the Machinefile asks for {sdk}");
        }

        var file = GlobalJson.Find(projectFolder);
        return file is null ? (SdkPolicy.Latest, $"there is no global.json in {projectFolder} or above it: the newest SDK is used")
            : GlobalJson.TryRead(file) is { } policy ? (policy, $"{file} asks for {policy}")
            : (SdkPolicy.Latest, $"{file} can't be used (dotnet ignores it too): the newest SDK is used");
    }

    private IEnumerable<SdkVersion> Installed()
    {
        var folder = root is null ? null : Path.Combine(root, "sdk");
        return folder is not null && Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Select(path => SdkVersion.TryParse(Path.GetFileName(path))).OfType<SdkVersion>()
            : [];
    }

    private Dictionary<SdkVersion, string> Archived()
    {
        const string prefix = "dotnet-sdk-";
        var found = new Dictionary<SdkVersion, string>();
        foreach (var file in Directory.Exists(archives) ? Directory.EnumerateFiles(archives, $"{prefix}*{ArchiveSuffix}") : [])
        {
            if (SdkVersion.TryParse(Path.GetFileName(file)[prefix.Length..^ArchiveSuffix.Length]) is { } version)
            {
                found[version] = Path.GetFullPath(file);
            }
        }

        return found;
    }

    private MachineException Missing(string what, string version)
    {
        var installed = string.Join(", ", Installed().Select(found => found.ToString()).Order(StringComparer.Ordinal));
        return new MachineException(
            $"{what}\n  installed{(root is null ? "" : $" in {root}")}: {(installed.Length == 0 ? "none" : installed)}",
            $"install it, change global.json or sdk: in the Machinefile, or put dotnet-sdk-{version}{ArchiveSuffix} with its .sha512 into {archives}",
            ExitCode.MachineUnavailable);
    }
}
