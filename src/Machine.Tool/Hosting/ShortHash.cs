using System.Security.Cryptography;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>Eight hex digits of a text's SHA-256: for names that must be short, and that nobody else has a reason to choose.</summary>
internal static class ShortHash
{
    public static string Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];
}
