using Machine.Tool.Engines;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Images.Store;

/// <summary>
/// Everything that decides what is in an image; its hash is the image's name. Two projects with equal requests share one image.
/// </summary>
internal sealed record ImageRequest
{
    /// <summary><c>debian/12</c>, <c>debian/13</c>, or an absolute path or URL of a qcow2.</summary>
    public required string Base { get; init; }

    /// <summary>Lower-case hex of the qcow2; null for a distribution.</summary>
    public string? BaseSha256 { get; init; }

    /// <summary>Exact SDK version, or null for none.</summary>
    public string? SdkVersion { get; init; }

    public required IReadOnlyList<string> Packages { get; init; }

    public required IReadOnlyList<string> NpmTools { get; init; }

    public required IReadOnlyList<string> DotnetTools { get; init; }

    /// <summary>Scripts run as root in the build, in order; the build needs their content, the name their SHA-256.</summary>
    public required IReadOnlyList<ProvisionScript> Provision { get; init; }

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
