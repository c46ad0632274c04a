namespace Machine.Tool.Images.Store;

/// <summary>What a finished build says about itself. File names are relative to the image's folder.</summary>
/// <param name="System">For people: <c>Debian GNU/Linux 12 (bookworm)</c>.</param>
/// <param name="Release">The kernel's release.</param>
internal sealed record ImageFacts(
    string System, string Release, string? Kernel, string? Initrd, string Disk, string DiskFormat, string KernelArguments);

/// <summary><c>image.json</c>: written once, when the image is finished.</summary>
/// <param name="Format">Of this file; raised when its meaning changes.</param>
/// <param name="Inputs">What the hash is made of (<see cref="ImageHash.Inputs(ImageRequest, Sdks.SdkSource?, Distributions.TrustStore)"/>).</param>
internal sealed record StoredImage(int Format, string Hash, string Inputs, ImageRequest Request, DateTimeOffset Created, long SizeBytes, ImageFacts Facts)
{
    public const int CurrentFormat = 3;
}
