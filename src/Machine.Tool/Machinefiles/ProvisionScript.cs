using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Machine.Tool.Machinefiles;

/// <summary>A script for the image build, read once: what is judged, named and run are the same bytes.</summary>
/// <param name="Path">Relative to the project, without a leading <c>./</c>.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
internal sealed record ProvisionScript(string Path, string Sha256)
{
    /// <summary>Of all scripts of a project together: real ones have a few kilobytes; what they need they fetch.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Null where it was read back from JSON (an image's description, a started machine), which nothing is built from.</summary>
    [JsonIgnore]
    public byte[]? Content { get; private init; }

    public static ProvisionScript Of(string path, byte[] content) =>
        new(path, Convert.ToHexStringLower(SHA256.HashData(content))) { Content = content };
}
