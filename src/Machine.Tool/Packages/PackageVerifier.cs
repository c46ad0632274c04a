using System.Security.Cryptography;
using System.Text.Json;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Packaging;
using NuGet.Packaging.Core;
using NuGet.Packaging.Signing;
using NuGet.Protocol;

namespace Machine.Tool.Packages;

/// <summary>
/// What NuGet's own extraction verifies, done on the host before a package is kept: the file is a package, it is the package
/// that was asked for, and its signatures hold under the host's signatureValidationMode and trusted signers.
/// </summary>
internal sealed class PackageVerifier(ISettings settings, ILogger log)
{
    // It is read into memory; the largest real ones have a few hundred kilobytes.
    private const long MaximumNuspec = 16 << 20;

    /// <summary>
    /// Changes with everything of the configuration that decides about signatures. A project may ask for less than another;
    /// what it let in must not count as verified for the other.
    /// </summary>
    public string Policy { get; } = PolicyOf(settings);

    /// <exception cref="FeedException">The package is refused; says why.</exception>
    public async Task<PackageVerdict> VerifyAsync(Stream stream, PackageIdentity asked, string source, RepositorySignatureResource? repository, CancellationToken cancel)
    {
        try
        {
            using var reader = new PackageArchiveReader(stream, leaveStreamOpen: true);
            if (reader.GetEntry(reader.GetNuspecFile()).Length > MaximumNuspec)
            {
                throw FeedException.Upstream($"source '{source}' sent {asked.Id} {asked.Version} with a nuspec of absurd size");
            }

            var found = await reader.GetIdentityAsync(cancel);
            if (!found.Id.Equals(asked.Id, StringComparison.OrdinalIgnoreCase) || found.Version != asked.Version)
            {
                throw FeedException.Upstream($"source '{source}' sent {found.Id} {found.Version} where {asked.Id} {asked.Version} was asked for");
            }

            return new PackageVerdict(found.Id, SignaturesAreChecked() ? await VerifySignatureAsync(reader, asked, source, repository, cancel) : "not checked", Policy);
        }
        catch (Exception e) when (e is InvalidDataException or PackagingException or IOException or FormatException or System.Xml.XmlException or ArgumentException)
        {
            throw FeedException.Upstream($"source '{source}' sent a file for {asked.Id} {asked.Version} that is no package: {e.Message}", e);
        }
    }

    private async Task<string> VerifySignatureAsync(
        PackageArchiveReader reader, PackageIdentity asked, string source, RepositorySignatureResource? repository, CancellationToken cancel)
    {
        X509TrustStore.InitializeForDotNetSdk(log);
        var policy = ClientPolicyContext.GetClientPolicy(settings, log);
        var announced = repository is null ? null : new RepositorySignatureInfo(repository.AllRepositorySigned, repository.RepositoryCertificateInfos);
        var verifier = new PackageSignatureVerifier(Providers(policy, announced));
        var result = await verifier.VerifySignaturesAsync(
            reader, RepositorySignatureInfoUtility.GetSignedPackageVerifierSettings(announced, policy.VerifierSettings), cancel, Guid.Empty);
        if (!result.IsValid)
        {
            var issues = result.Results.SelectMany(part => part.Issues)
                .Where(issue => issue.Level == LogLevel.Error)
                .Select(issue => $"{issue.Code} {issue.Message}");
            throw FeedException.Upstream($"the signature of {asked.Id} {asked.Version} from source '{source}' does not hold: {string.Join("; ", issues)}");
        }

        if (!result.IsSigned)
        {
            return "unsigned";
        }

        var signature = await reader.GetPrimarySignatureAsync(cancel);
        return signature!.Type.ToString().ToLowerInvariant();
    }

    // As PackageExtractor of the same NuGet puts them together; it keeps that part to itself.
    private static List<ISignatureVerificationProvider> Providers(ClientPolicyContext policy, RepositorySignatureInfo? announced)
    {
        var untrustedRoots = policy.AllowList?
            .Where(signer => signer.AllowUntrustedRoot)
            .Select(signer => KeyValuePair.Create(signer.Fingerprint, signer.FingerprintAlgorithm));
        List<ISignatureVerificationProvider> providers =
        [
            new IntegrityVerificationProvider(),
            new AllowListVerificationProvider(
                policy.AllowList,
                policy.Policy == SignatureValidationMode.Require,
                "signatureValidationMode is 'require' and no trusted signer is configured",
                "no trusted signer of the host's configuration signed it"),
            new SignatureTrustAndValidityVerificationProvider(untrustedRoots),
        ];
        if (announced?.RepositoryCertificateInfos is { } certificates)
        {
            providers.Add(new AllowListVerificationProvider(
                RepositorySignatureInfoUtility.GetRepositoryAllowList(certificates),
                announced.AllRepositorySigned,
                "the source announces no certificate to sign with",
                "none of the certificates that the source announces signed it"));
        }

        return providers;
    }

    // As JSON: no name that somebody gives a signer reads like two signers.
    private static string PolicyOf(ISettings settings)
    {
        var signers = settings.GetSection("trustedSigners")?.Items
            .OfType<TrustedSignerItem>()
            .Select(signer => JsonSerializer.Serialize<string[]>(
            [
                signer.ElementName,
                signer.Name,
                (signer as RepositoryItem)?.ServiceIndex ?? "",
                .. (signer as RepositoryItem)?.Owners ?? [],
                "",
                .. signer.Certificates.SelectMany(one => new[] { one.Fingerprint, one.HashAlgorithm.ToString(), one.AllowUntrustedRoot.ToString() }),
            ]))
            .Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>();
        string[] policy = [SignaturesAreChecked().ToString(), SettingsUtility.GetSignatureValidationMode(settings).ToString(), .. signers];
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(policy)));
    }

    // The dotnet command verifies on Windows always, on Linux unless switched off, on macOS only when switched on;
    // it does so through this variable, which it sets for itself alone.
    private static bool SignaturesAreChecked()
    {
        var variable = Environment.GetEnvironmentVariable("DOTNET_NUGET_SIGNATURE_VERIFICATION");
        return OperatingSystem.IsWindows()
            || (bool.TryParse(variable, out var asked) ? asked : OperatingSystem.IsLinux());
    }
}
