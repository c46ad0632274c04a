using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Machine.Tool.Images.Distributions;

/// <summary>The certificate authorities that this host trusts beyond its distribution's own, as PEM by name.</summary>
internal sealed class TrustStore
{
    private static readonly string[] Folders =
    [
        "/usr/local/share/ca-certificates",
        "/etc/pki/ca-trust/source/anchors",
        "/usr/share/pki/ca-trust-source/anchors",
        "/etc/ca-certificates/trust-source/anchors",
    ];

    // Made from the distribution's authorities and the folders above: everything in it is there already.
    private static readonly string[] SystemBundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"];

    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true, IgnoreInaccessible = true };

    private TrustStore(SortedDictionary<string, string> certificates) => Certificates = certificates;

    /// <summary>Name (from the certificate's fingerprint) to PEM.</summary>
    public IReadOnlyDictionary<string, string> Certificates { get; }

    public static TrustStore OfThisHost() =>
        Read(
            Folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", Everywhere))
                .Where(file => Path.GetExtension(file) is ".crt" or ".pem" or ".cer"),
            Environment.GetEnvironmentVariable("SSL_CERT_FILE"));

    internal static TrustStore Read(IEnumerable<string> files, string? bundle)
    {
        if (!string.IsNullOrEmpty(bundle) && File.Exists(bundle) && !SystemBundles.Contains(bundle))
        {
            files = files.Append(bundle);
        }

        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            var certificates = new X509Certificate2Collection();
            try
            {
                certificates.ImportFromPemFile(file);
            }
            catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
            {
                // Not a certificate, or not for this user's eyes: the host's programs pass over it too.
                continue;
            }

            foreach (var certificate in certificates)
            {
                found[$"machine-{certificate.GetCertHashString(HashAlgorithmName.SHA256)[..16].ToLowerInvariant()}"] = certificate.ExportCertificatePem() + "\n";
                certificate.Dispose();
            }
        }

        return new TrustStore(found);
    }

    public async Task WriteAsync(string folder, CancellationToken cancel)
    {
        if (Certificates.Count > 0)
        {
            Directory.CreateDirectory(folder);
            foreach (var (name, pem) in Certificates)
            {
                await File.WriteAllTextAsync(Path.Combine(folder, name + ".crt"), pem, cancel);
            }
        }
    }
}
