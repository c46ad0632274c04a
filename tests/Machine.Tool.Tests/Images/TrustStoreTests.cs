using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Machine.Tool.Images.Distributions;

namespace Machine.Tool.Tests.Images;

public sealed class TrustStoreTests : IDisposable
{
    private readonly ImagesFolder home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Every_certificate_of_files_and_bundle_comes_once_and_nothing_but_certificates()
    {
        var (first, key) = Authority("first");
        var (second, _) = Authority("second");
        var company = home.Write("company.crt", first);
        var bundle = home.Write("bundle.pem", $"# comment\n{first}\n{key}\n{second}\n");
        var broken = home.Write("broken.crt", "no certificate");

        var store = TrustStore.Read([company, broken], bundle);
        var folder = Path.Combine(home.Home, "ca");
        await store.WriteAsync(folder, TestContext.Current.CancellationToken);

        store.Certificates.Count.ShouldBe(2);
        var files = Directory.GetFiles(folder, "*.crt");
        files.Length.ShouldBe(2);
        files.Select(File.ReadAllText).ShouldAllBe(text => text.StartsWith("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal) && !text.Contains("PRIVATE", StringComparison.Ordinal));
    }

    [Fact]
    public void A_bundle_that_is_missing_is_nothing() =>
        TrustStore.Read([], Path.Combine(home.Home, "none.pem")).Certificates.ShouldBeEmpty();

    private static (string Pem, string Key) Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
