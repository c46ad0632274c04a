using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NuGet.Packaging.Signing;
using HashAlgorithmName = NuGet.Common.HashAlgorithmName;

namespace Machine.Tool.Tests.Packages;

public sealed class Signatures
{
    private const string Require = """<config><add key="signatureValidationMode" value="require" /></config>""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_signed_package_that_was_changed_afterwards_is_refused()
    {
        SkipWhereNuGetVerifiesNothing();
        using var packages = new TestFolder();
        var signed = await SignAsync(packages, "Signed");
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        (await feed.GetAsync(FeedUnderTest.Package("signed", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        feed.Entered.ShouldContain("\"signature\":\"author\"");

        // The time stamp of the first file in the archive: it stays a readable package with the right name.
        var bytes = await File.ReadAllBytesAsync(signed, Cancel);
        bytes[10] ^= 1;
        await File.WriteAllBytesAsync(packages["other.nupkg"], bytes, Cancel);
        await using var registry = await FlatServer.StartAsync("signed", "1.0.0", bytes);
        await using var tampered = await FeedUnderTest.StartAsync([("registry", registry.Address + "index.json")]);
        var answer = await tampered.GetAsync(FeedUnderTest.Package("signed", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase!.ShouldContain("NU3008");
        tampered.Kept.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_one_project_let_in_unsigned_is_not_served_to_one_that_requires_signatures()
    {
        SkipWhereNuGetVerifiesNothing();
        using var packages = new TestFolder();
        using var store = new TestFolder();
        PackageFolder.Add(packages.Path, "Plain", "1.0.0");
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        var sources = new[] { ("registry", registry.Server.Index.ToString()) };
        await using var accepting = await FeedUnderTest.StartAsync(sources, store: store.Path);
        await using var requiring = await FeedUnderTest.StartAsync(sources, Require, store.Path);

        (await accepting.GetAsync(FeedUnderTest.Package("plain", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = await requiring.GetAsync(FeedUnderTest.Package("plain", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase!.ShouldContain("the signature of plain 1.0.0 from source 'registry' does not hold");
        requiring.Entered.ShouldBeEmpty();
    }

    private static void SkipWhereNuGetVerifiesNothing() =>
        Assert.SkipUnless(
            OperatingSystem.IsWindows() || (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DOTNET_NUGET_SIGNATURE_VERIFICATION") is null),
            "the dotnet command verifies no signatures on this system");

    private static async Task<string> SignAsync(TestFolder folder, string id)
    {
        var plain = PackageFolder.Add(folder.Folder("plain"), id, "1.0.0");
        var signed = folder[$"{id}.1.0.0.nupkg"];
        using var key = RSA.Create(3072);
        var request = new CertificateRequest("CN=a test", key, System.Security.Cryptography.HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.3")], critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var options = SigningOptions.CreateFromFilePaths(
            plain, signed, overwrite: true, new X509SignatureProvider(timestampProvider: null), NuGet.Common.NullLogger.Instance);
        using var sign = new AuthorSignPackageRequest(certificate, HashAlgorithmName.SHA256);
        await SigningUtility.SignAsync(options, sign, Cancel);
        return signed;
    }

    // Without them no author's signature has a trusted root on Linux, and "require" refuses what dotnet takes.
    [Theory]
    [InlineData("codesignctl.pem")]
    [InlineData("timestampctl.pem")]
    public void The_roots_of_signers_lie_where_NuGet_looks_for_them(string roots) =>
        new FileInfo(Path.Combine(Path.GetDirectoryName(typeof(NuGet.Packaging.PackageArchiveReader).Assembly.Location)!, "trustedroots", roots)).Length.ShouldBeGreaterThan(100_000);
}
