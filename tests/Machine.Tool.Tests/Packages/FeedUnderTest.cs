using System.Text.Json.Nodes;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Tests.Packages;

/// <summary>A feed with a configuration, a store and a log of its own, and a client that speaks to it as a guest does.</summary>
internal sealed class FeedUnderTest : IAsyncDisposable
{
    private readonly PackageFeed feed;

    private FeedUnderTest(TestFolder folder, PackageFeed feed, PackageRules rules, TestServer server, TestLog log)
    {
        Rules = rules;
        Folder = folder;
        this.feed = feed;
        Server = server;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(server.Address, "nuget/v3/") };
    }

    public PackageRules Rules { get; }

    /// <summary>What a rule kept out.</summary>
    public IEnumerable<string> Refused => PackageLog.Read(Folder["packages.log"]).Where(entry => entry.Refused is not null).Select(entry => $"{entry.Id} {entry.Version}: {entry.Refused}");

    public TestFolder Folder { get; }

    public TestServer Server { get; }

    public TestLog Log { get; }

    public HttpClient Client { get; }

    public string Entered => File.Exists(Folder["packages.log"]) ? File.ReadAllText(Folder["packages.log"]) : "";

    public IEnumerable<string> Kept => Directory.Exists(Folder["store/sha512"])
        ? Directory.EnumerateFiles(Folder["store/sha512"], "*.nupkg", SearchOption.AllDirectories)
        : [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The user's configuration.</summary>
    public string UserFile => Folder["nuget.config"];

    /// <summary>Where a project's nuget.config stands.</summary>
    public ProjectRoot Project => new(ProjectRoot.RealPath(Folder["project"]));

    /// <param name="sources">The user's: name and address or folder, in order; <paramref name="more"/> goes into the configuration as it is.</param>
    /// <param name="rules">Of the Machinefile; the user's own are in the folder's restore.json.</param>
    /// <param name="project">The nuget.config of the project, whole; in use as if somebody had said yes to all that it asks.</param>
    public static async Task<FeedUnderTest> StartAsync(
        IEnumerable<(string Name, string Address)> sources, string more = "", string? store = null, string? project = null, RestoreSettings? rules = null)
    {
        var folder = new TestFolder();
        Configure(folder.Path, sources, more);
        if (project is not null)
        {
            File.WriteAllText(Path.Combine(folder.Folder("project"), "nuget.config"), project);
        }

        var log = new TestLog();
        var inForce = new PackageRules(folder["restore.json"]);
        inForce.Use(rules ?? RestoreSettings.None);
        string[] user = [folder["nuget.config"]];
        var approved = project is null ? null : ProjectSources.Read(new ProjectRoot(ProjectRoot.RealPath(folder["project"])), user);
        var feed = new PackageFeed(approved, store ?? folder["store"], new PackageLog(folder["packages.log"]), log, userFiles: user, rules: inForce);
        return new FeedUnderTest(folder, feed, inForce, await TestServer.StartAsync(feed.Map), log);
    }

    /// <summary>As the supervisor does with the next command that was approved.</summary>
    public void UseProjectAsItIs() => feed.Use(ProjectSources.Read(Project, [UserFile]));

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

    /// <summary>The folder whose lock files count.</summary>
    public void UseLocked(string folder) => feed.UseLocked(folder);

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
