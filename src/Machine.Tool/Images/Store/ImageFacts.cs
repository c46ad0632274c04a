using Machine.Tool.Images.Build;

namespace Machine.Tool.Images.Store;

/// <summary>What a finished build says about itself. File names are relative to the image's folder.</summary>
internal sealed record ImageFacts
{
    /// <summary>For people: <c>Debian GNU/Linux 12 (bookworm)</c>.</summary>
    public required string System { get; init; }

    /// <summary>The kernel's release.</summary>
    public required string Release { get; init; }

    public string? Kernel { get; init; }

    public string? Initrd { get; init; }

    public required string Disk { get; init; }

    public required string DiskFormat { get; init; }

    public required string KernelArguments { get; init; }

    /// <summary>Of an image that was built by the recipe: its files have these names.</summary>
    public static ImageFacts Built(string system, string release) => new()
    {
        System = system,
        Release = release,
        Kernel = "kernel",
        Initrd = "initrd",
        Disk = "root.raw",
        DiskFormat = "raw",
        KernelArguments = ImageRecipe.KernelArguments,
    };
}

/// <summary><c>image.json</c>: written once, when the image is finished.</summary>
internal sealed record StoredImage
{
    public const int CurrentFormat = 3;

    /// <summary>Of this file; raised when its meaning changes.</summary>
    public required int Format { get; init; }

    public required string Hash { get; init; }

    /// <summary>What the hash is made of (<see cref="ImageHash.Inputs(ImageRequest, Sdks.SdkSource?, Distributions.TrustStore)"/>).</summary>
    public required string Inputs { get; init; }

    public required ImageRequest Request { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required long SizeBytes { get; init; }

    public required ImageFacts Facts { get; init; }
}
