using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>Files of npm packages by the SHA-512 that their document publishes.</summary>
internal sealed class NpmTarballs(string folder, NpmUpstream upstream, ILogger log)
{
    private const long MaximumTarball = 2L << 30;
    private static readonly TimeSpan TarballLimit = TimeSpan.FromMinutes(30);

    private readonly PublishedFiles files = new(new ContentStore(folder, ".tgz", log), "the npm registry", "document", TarballLimit);

    /// <summary>The SHA-512 of an <c>integrity</c> as 128 lower-case hex digits; null where it publishes none.</summary>
    /// <param name="integrity">Several hashes, with blanks between them.</param>
    public static string? Sha512Of(string? integrity)
    {
        const string Kind = "sha512-";
        Span<byte> bytes = stackalloc byte[SHA512.HashSizeInBytes + 3];
        foreach (var word in (integrity ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith(Kind, StringComparison.Ordinal)))
        {
            // What follows a question mark are options.
            if (Convert.TryFromBase64String(word[Kind.Length..].Split('?')[0], bytes, out var count) && count == SHA512.HashSizeInBytes)
            {
                return Convert.ToHexStringLower(bytes[..count]);
            }
        }

        return null;
    }

    /// <inheritdoc cref="PublishedFiles.OpenAsync"/>
    public Task<FileStream> OpenAsync(string name, string version, NpmTarball tarball, string hash, CancellationToken cancel) =>
        files.OpenAsync(hash, $"{name} {version}", MaximumTarball, token => upstream.TarballAsync(name, tarball, token), cancel);
}
