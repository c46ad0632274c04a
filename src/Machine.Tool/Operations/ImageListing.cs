using System.Text.Json.Serialization;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Operations;

/// <summary>One image as <c>image list --json</c> prints it.</summary>
internal sealed record ImageListing
{
    public required string Hash { get; init; }

    [JsonIgnore]
    public string ShortName => new KeptImage(Hash, SizeBytes).ShortName;

    public required string Base { get; init; }

    public string? Sdk { get; init; }

    public required IReadOnlyList<string> Packages { get; init; }

    public required IReadOnlyList<string> NpmTools { get; init; }

    public required IReadOnlyList<string> DotnetTools { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset LastUsed { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>What the warm templates made from it take on disk.</summary>
    public required long TemplateBytes { get; init; }

    /// <summary>Ids of the machines that stand on it.</summary>
    public required IReadOnlyList<string> Machines { get; init; }

    public static ImageListing Of(Image image, IReadOnlyList<string> machines, long templateBytes) => new()
    {
        Hash = image.Hash,
        Base = image.Request.Base,
        Sdk = image.Request.SdkVersion,
        Packages = image.Request.Packages,
        NpmTools = image.Request.NpmTools,
        DotnetTools = image.Request.DotnetTools,
        Created = image.Created,
        LastUsed = image.LastUsed,
        SizeBytes = image.SizeBytes,
        TemplateBytes = templateBytes,
        Machines = machines,
    };
}
