using Machine.Tool.Engines;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Images.Store;

/// <summary>
/// Everything that decides what is in an image; its hash is the image's name. Two projects with equal requests share one image.
/// </summary>
/// <param name="Base"><c>debian/12</c>, <c>debian/13</c>, or an absolute path or URL of a qcow2.</param>
/// <param name="BaseSha256">Lower-case hex of the qcow2; null for a distribution.</param>
/// <param name="SdkVersion">Exact SDK version, or null for none.</param>
/// <param name="Provision">Scripts run as root in the build, in order; the build needs their content, the name their SHA-256.</param>
internal sealed record ImageRequest(
    string Base,
    string? BaseSha256,
    string? SdkVersion,
    IReadOnlyList<string> Packages,
    IReadOnlyList<string> NpmTools,
    IReadOnlyList<string> DotnetTools,
    IReadOnlyList<ProvisionScript> Provision)
{
    /// <summary>What the tools were resolved to, the packages that they bring themselves included; empty until then.</summary>
    public IReadOnlyList<PinnedTool> Tools { get; init; } = [];
}

/// <summary>One package of a tool by its bytes.</summary>
/// <param name="Kind"><c>npm</c> or <c>dotnet</c>.</param>
/// <param name="Sha512">Of its file, lower-case hex.</param>
internal sealed record PinnedTool(string Kind, string Name, string Version, string Sha512)
{
    public override string ToString() => $"{Kind} {Name} {Version} {Sha512}";
}

/// <summary>A finished image in the store; never written again.</summary>
/// <param name="Hash">The content hash of its request, lower-case hex.</param>
/// <param name="SizeBytes">Bytes on disk (sparse files counted by their blocks).</param>
internal sealed record Image(string Hash, BootImage Boot, ImageRequest Request, DateTimeOffset Created, DateTimeOffset LastUsed, long SizeBytes);

/// <summary>A server that a build on this host may reach, and nothing else: others than this user may use its socket, where it is shown to them.</summary>
internal sealed record BuildDoor(string Socket, IAsyncDisposable Server) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
