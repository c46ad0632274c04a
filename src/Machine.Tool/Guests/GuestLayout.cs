namespace Machine.Tool.Guests;

/// <summary>Where things are inside every machine. The embedded scripts of this room use the same places.</summary>
internal static class GuestLayout
{
    /// <summary>This tool's programs in the guest; sent anew at every start, so an image does not depend on them.</summary>
    public const string Programs = "/machine/bin";

    /// <summary>The logger of forwarded builds; Machine.Build's tasks name it on MSBuild's command line.</summary>
    public const string BuildLogger = Programs + "/Machine.Build.dll";

    /// <summary>Mount of the project's read-only share.</summary>
    public const string Lower = "/machine/lower";

    /// <summary>Mount of the built-in <c>workspace</c> volume: what the guest changed outlives a stop and a crash.</summary>
    public const string Workspace = "/machine/workspace";

    /// <summary>What the guest changed in the workspace: overlayfs' upper layer.</summary>
    public const string Upper = Workspace + "/upper";

    /// <summary>9p tag of the project's share.</summary>
    public const string ProjectTag = "project";

    /// <summary>9p tag of a share, by its place in the Machinefile.</summary>
    public static string ShareTag(int index) => $"share{index}";

    /// <summary>Mount of the built-in package cache volume; holds <c>nuget</c>, <c>npm</c>, <c>pip</c> and <c>uv</c>.</summary>
    public const string PackageCache = "/machine/packages";

    /// <summary>Docker's images, containers and volumes: a volume of the machine, where its Machinefile asks for Docker.</summary>
    public const string Docker = "/var/lib/docker";

    /// <summary>The guest's own address, which its containers reach too: the resolver, and the services of the host (door.pl).</summary>
    public const string OwnAddress = "198.18.0.1";

    /// <summary>Configuration of NuGet and npm for containers, which reach the services at <see cref="OwnAddress"/>.</summary>
    public const string ForContainers = "/machine/etc/containers";

    /// <summary>The only NuGet configuration in force inside: it names the supervisor's feed alone.</summary>
    public const string NuGetConfig = "/machine/etc/nuget.config";

    /// <summary>Root of the .NET SDK.</summary>
    public const string DotnetRoot = "/usr/share/dotnet";

    /// <summary>Loopback port of the guest at which the supervisor's services (package feed, npm registry) appear.</summary>
    public const int ServicePort = 7780;

    /// <summary>Loopback port of the guest at which the host's door appears; the relay connects there (door.pl).</summary>
    public const int DoorPort = 7781;

    /// <summary>Where connections of the guest's programs end that leave the machine (door.pl).</summary>
    public const int RelayPort = 7782;

    /// <summary>Ports of the guest that are the machine's own.</summary>
    public static IReadOnlyList<int> OwnPorts { get; } = [ServicePort, DoorPort, RelayPort];

    /// <summary>The feed, as the guest sees it.</summary>
    public static string FeedUrl => $"http://127.0.0.1:{ServicePort}/nuget/v3/index.json";

    /// <summary>The npm registry, as the guest sees it.</summary>
    public static string NpmUrl => $"http://127.0.0.1:{ServicePort}/npm/";

    /// <summary>The index of Python's packages, as the guest sees it.</summary>
    public static string PypiUrl => $"http://127.0.0.1:{ServicePort}/pypi/simple/";

    /// <summary>Where git asks for a server's repositories, as the guest sees it: the server's name follows.</summary>
    public static string GitUrl => $"http://127.0.0.1:{ServicePort}/git/";

    /// <summary>The same service, as the guest's containers see it.</summary>
    public static string Own(string url) => url.Replace("127.0.0.1", OwnAddress, StringComparison.Ordinal);

    /// <summary>The archives of the distribution's packages, as an image build sees them: a number follows.</summary>
    public static string AptUrl => $"http://127.0.0.1:{ServicePort}/apt/";
}
