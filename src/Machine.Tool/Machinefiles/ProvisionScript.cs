using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Machine.Tool.Machinefiles;

/// <summary>A script for the image build, read once: what is judged, named and run are the same bytes.</summary>
/// <param name="Path">Relative to the project, without a leading <c>./</c>.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
internal sealed record ProvisionScript(string Path, string Sha256)
{
    /// <summary>Real ones have a few kilobytes; what they need they fetch.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Null where only its name was kept: in the description of an image, or of a started machine.</summary>
    [JsonIgnore]
    public byte[]? Content { get; private init; }

    public static ProvisionScript Of(string path, byte[] content) =>
        new(path, Convert.ToHexStringLower(SHA256.HashData(content))) { Content = content };
}
