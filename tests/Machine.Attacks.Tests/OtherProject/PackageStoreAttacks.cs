using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Attacks.Tests.OtherProject;

/// <summary>Two projects share the store of packages. One wants the other to get what it chose (M2, P2, P3).</summary>
public sealed class PackageStoreAttacks : IDisposable
{
    private readonly TestFolder packages = new();
    private readonly TestFolder store = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        packages.Dispose();
        store.Dispose();
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("reversed")]
    [InlineData("mapped")]
    public async Task The_first_source_is_asked_whatever_another_project_fetched_from_the_second(string list)
    {
        var ours = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Folder("first"), "Corp.Internal", "1.0.0", content: "ours"), Cancel);
        PackageFolder.Add(packages.Folder("second"), "Corp.Internal", "1.0.0", content: "theirs, squatted on the public registry");
        await using var first = await FeedUnderTest.StartAsync([("folder", packages["first"])]);
        await using var second = await FeedUnderTest.StartAsync([("folder", packages["second"])]);
        var corp = ("corp", first.Server.Index.ToString());
        var open = ("public", second.Server.Index.ToString());
        await using var hostile = list switch
        {
            "alone" => await FeedUnderTest.StartAsync([open], store: store.Path),
            "reversed" => await FeedUnderTest.StartAsync([open, corp], store: store.Path),
            _ => await FeedUnderTest.StartAsync([corp, open], "<packageSourceMapping><packageSource key=\"public\"><package pattern=\"*\"/></packageSource></packageSourceMapping>", store.Path),
        };
        await using var victim = await FeedUnderTest.StartAsync([corp, open], store: store.Path);

        await hostile.DownloadAsync("corp.internal", "1.0.0");
        (await victim.DownloadAsync("corp.internal", "1.0.0")).ShouldBe(ours);
    }

    [Fact]
    public async Task A_first_source_that_is_down_is_not_skipped_for_what_another_project_fetched()
    {
        PackageFolder.Add(packages.Folder("second"), "Corp.Internal", "1.0.0", content: "theirs");
        await using var first = await FeedUnderTest.StartAsync([("folder", packages.Folder("first"))]);
        await using var second = await FeedUnderTest.StartAsync([("folder", packages["second"])]);
        await using var hostile = await FeedUnderTest.StartAsync([("public", second.Server.Index.ToString())], store: store.Path);
        await using var victim = await FeedUnderTest.StartAsync([("corp", first.Server.Index.ToString()), ("public", second.Server.Index.ToString())], store: store.Path);
        await hostile.DownloadAsync("corp.internal", "1.0.0");
        first.Server.Up = false;

        (await victim.GetAsync(FeedUnderTest.Package("corp.internal", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task What_its_own_sources_led_to_is_remembered_also_offline()
    {
        var bytes = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Folder("second"), "Common", "1.0.0"), Cancel);
        await using var first = await FeedUnderTest.StartAsync([("folder", packages.Folder("first"))]);
        await using var second = await FeedUnderTest.StartAsync([("folder", packages["second"])]);
        (string, string)[] sources = [("corp", first.Server.Index.ToString()), ("public", second.Server.Index.ToString())];
        await using (var before = await FeedUnderTest.StartAsync(sources, store: store.Path))
        {
            (await before.DownloadAsync("common", "1.0.0")).ShouldBe(bytes);
        }

        first.Server.Up = second.Server.Up = false;
        await using var again = await FeedUnderTest.StartAsync(sources, store: store.Path);
        (await again.DownloadAsync("common", "1.0.0")).ShouldBe(bytes);
    }

    [Fact]
    public async Task What_came_without_certificate_checks_is_not_served_to_a_project_that_checks()
    {
        PackageFolder.Add(packages.Path, "Poisoned", "1.0.0", content: "by the man in the middle");
        await using var middle = await ManInTheMiddle.StartAsync(packages.Path);
        await using var before = await FeedUnderTest.StartAsync([("feed", middle.Index)], store: store.Path);
        (await before.GetAsync(FeedUnderTest.Package("poisoned", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        await using var hostile = await FeedUnderTest.StartAsync([("feed", middle.Index + "\" disableTLSCertificateValidation=\"true")], store: store.Path);
        await hostile.DownloadAsync("poisoned", "1.0.0");

        await using var victim = await FeedUnderTest.StartAsync([("feed", middle.Index)], store: store.Path);
        (await victim.GetAsync(FeedUnderTest.Package("poisoned", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await victim.GetAsync("flat/poisoned/index.json")).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task What_came_without_certificate_checks_is_not_in_the_cache_that_checked_sources_share()
    {
        PackageFolder.Add(packages.Path, "Poisoned", "1.0.0");
        await using var middle = await ManInTheMiddle.StartAsync(packages.Path);
        var shared = Environment.GetEnvironmentVariable("NUGET_HTTP_CACHE_PATH")!;
        await using var hostile = await FeedUnderTest.StartAsync([("feed", middle.Index + "\" disableTLSCertificateValidation=\"true")], store: store.Path);

        await hostile.DownloadAsync("poisoned", "1.0.0");

        Answers(store["answers"]).ShouldContain(text => text.Contains(middle.Authority, StringComparison.Ordinal), "it was kept where only such sources look");
        Answers(shared).ShouldNotContain(text => text.Contains(middle.Authority, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_came_for_a_password_of_a_project_is_not_served_to_another()
    {
        const string Auth = "<packageSourceCredentials><corp><add key=\"Username\" value=\"reader\"/><add key=\"ClearTextPassword\" value=\"pass\"/></corp></packageSourceCredentials>";
        PackageFolder.Add(packages.Path, "Private", "1.0.0");
        await using var corp = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        corp.Server.Authorization = "Basic " + Convert.ToBase64String("reader:pass"u8);
        var named = $"<add key=\"corp\" value=\"{corp.Server.Index}\" allowInsecureConnections=\"true\"/>";
        await using var reader = await FeedUnderTest.StartAsync([], store: store.Path, project: $"<configuration><packageSources>{named}</packageSources>{Auth}</configuration>");
        (await reader.DownloadAsync("private", "1.0.0")).ShouldNotBeEmpty();

        await using var other = await FeedUnderTest.StartAsync([], store: store.Path, project: $"<configuration><packageSources>{named}</packageSources></configuration>");
        (await other.GetAsync(FeedUnderTest.Package("private", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
    }

    [Fact]
    public async Task A_folder_of_one_project_is_no_source_of_another()
    {
        PackageFolder.Add(packages.Folder("evil"), "xunit", "2.999.0", content: "evil");
        await using var hostile = await FeedUnderTest.StartAsync([], store: store.Path, project: $"<configuration><packageSources><add key=\"x\" value=\"{packages["evil"]}\"/></packageSources></configuration>");
        await hostile.DownloadAsync("xunit", "2.999.0");

        await using var victim = await FeedUnderTest.StartAsync([("empty", packages.Folder("empty"))], store: store.Path);
        (await victim.GetAsync(FeedUnderTest.Package("xunit", "2.999.0"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await victim.GetAsync("flat/xunit/index.json")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private static IEnumerable<string> Answers(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(File.ReadAllText)
        : [];

    /// <summary>A server with a certificate that nobody trusts.</summary>
    private sealed class ManInTheMiddle(WebApplication app, PackageFeed feed, TestFolder folder, int port) : IAsyncDisposable
    {
        public string Authority => $"localhost:{port}";

        public string Index => $"https://{Authority}/nuget/v3/index.json";

        public static async Task<ManInTheMiddle> StartAsync(string packages)
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName("localhost");
            request.CertificateExtensions.Add(names.Build());
            using var self = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            var certificate = X509CertificateLoader.LoadPkcs12(self.Export(X509ContentType.Pfx), null);
            var port = LoopbackPort.Free();
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(server => server.ListenLocalhost(port, listen => listen.UseHttps(certificate)));
            var app = builder.Build();
            var folder = new TestFolder();
            FeedUnderTest.Configure(folder.Path, [("folder", packages)]);
            var feed = new PackageFeed(null, folder["store"], new PackageLog(folder["packages.log"]), new TestLog(), new Uri($"https://localhost:{port}"), [folder["nuget.config"]]);
            feed.Map(app);
            await app.StartAsync(Cancel);
            return new ManInTheMiddle(app, feed, folder, port);
        }

        public async ValueTask DisposeAsync()
        {
            await app.DisposeAsync();
            feed.Dispose();
            folder.Dispose();
        }
    }
}
