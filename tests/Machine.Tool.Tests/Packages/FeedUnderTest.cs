using System.Text.Json.Nodes;
using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

/// <summary>A feed with a configuration, a store and a log of its own, and a client that speaks to it as a guest does.</summary>
internal sealed class FeedUnderTest : IAsyncDisposable
{
    private readonly PackageFeed feed;

    private FeedUnderTest(TestFolder folder, PackageFeed feed, TestServer server, TestLog log)
    {
        Folder = folder;
        this.feed = feed;
        Server = server;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(server.Address, "nuget/v3/") };
    }

    public TestFolder Folder { get; }

    public TestServer Server { get; }

    public TestLog Log { get; }

    public HttpClient Client { get; }

    public string Entered => File.Exists(Folder["packages.log"]) ? File.ReadAllText(Folder["packages.log"]) : "";

    public IEnumerable<string> Kept => Directory.Exists(Folder["store/sha512"])
        ? Directory.EnumerateFiles(Folder["store/sha512"], "*.nupkg", SearchOption.AllDirectories)
        : [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="sources">Name and address or folder, in order; <paramref name="more"/> goes into the configuration as it is.</param>
    public static async Task<FeedUnderTest> StartAsync(IEnumerable<(string Name, string Address)> sources, string more = "", string? store = null)
    {
        var folder = new TestFolder();
        Configure(folder.Path, sources, more);
        var log = new TestLog();
        var feed = new PackageFeed(folder.Path, store ?? folder["store"], new PackageLog(folder["packages.log"]), log);
        return new FeedUnderTest(folder, feed, await TestServer.StartAsync(feed.Map), log);
    }

    public static void Configure(string folder, IEnumerable<(string Name, string Address)> sources, string more = "")
    {
        var adds = sources.Select(source => $"""<add key="{source.Name}" value="{source.Address}" allowInsecureConnections="true" />""");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources><clear />{string.Concat(adds)}</packageSources>
              <auditSources><clear /></auditSources>
              <disabledPackageSources><clear /></disabledPackageSources>
              {more}
            </configuration>
            """);
    }

    public static string Package(string id, string version) => $"flat/{id}/{version}/{id}.{version}.nupkg";

    public async Task<string[]> VersionsAsync(string id)
    {
        var answer = JsonNode.Parse(await GetTextAsync($"flat/{id}/index.json"))!;
        return [.. answer["versions"]!.AsArray().Select(version => version!.GetValue<string>())];
    }

    public Task FetchAsync(IEnumerable<(string Id, string Version)> packages) => feed.FetchAsync(packages, Cancel);

    public Task<byte[]> DownloadAsync(string id, string version) => Client.GetByteArrayAsync(Relative(Package(id, version)), Cancel);

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(Relative(path), Cancel);

    public Task<string> GetTextAsync(string path) => Client.GetStringAsync(Relative(path), Cancel);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        feed.Dispose();
        Folder.Dispose();
    }

    private static Uri Relative(string path) => new(path, UriKind.Relative);
}
