using System.Collections.Concurrent;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A cloned repository with a nuget.config of the attacker's, beside a user with a configuration of their own.</summary>
internal sealed class HostileProject : IDisposable
{
    private readonly TestFolder folder = new();

    public HostileProject(string userConfig = "<configuration />")
    {
        Directory.CreateDirectory(Path);
        File.WriteAllText(System.IO.Path.Combine(Path, ProjectRoot.MachinefileName), "");
        UserConfig = userConfig;
    }

    public string Path => folder["above/project"];

    public string Above => folder["above"];

    public string UserFile => folder["user/NuGet.Config"];

    public string UserConfig
    {
        set
        {
            folder.Folder("user");
            File.WriteAllText(UserFile, value);
        }
    }

    public ProjectRoot Root => new(ProjectRoot.RealPath(Path));

    public ProjectSources Sources => ProjectSources.Read(Root, [UserFile]);

    public string this[string name] => folder[name];

    public static string Config(string sources, string more = "") => $"<configuration><packageSources>{sources}</packageSources>{more}</configuration>";

    public static string Source(string name, object address, string more = "") => $"<add key=\"{name}\" value=\"{address}\" {more} />";

    public HostileProject Write(string config, string name = "nuget.config")
    {
        File.WriteAllText(System.IO.Path.Combine(Path, name), config);
        return this;
    }

    /// <summary>What a person is asked, each with the file in front.</summary>
    public IReadOnlyList<string> Asked() => [.. Sources.Asks.Select(ask => ask.Text)];

    /// <summary>The plan of this project as the tool makes it, with the user's configuration of this host.</summary>
    public MachinePlan Plan() => MachinePlan.From(MachinefileReader.Read(Root), Root);

    public void Dispose() => folder.Dispose();
}

/// <summary>A feed over a hostile project, approved or not, and a guest's client.</summary>
internal sealed class FeedOver : IAsyncDisposable
{
    private readonly PackageFeed feed;
    private readonly TestFolder store = new();
    private readonly TestServer server;

    private FeedOver(PackageFeed feed, TestServer server, TestLog log, TestFolder store)
    {
        this.feed = feed;
        this.server = server;
        this.store = store;
        Log = log;
        Client = new HttpClient { BaseAddress = new Uri(server.Address, "nuget/v3/") };
    }

    public HttpClient Client { get; }

    public TestLog Log { get; }

    /// <param name="approved">What the person said yes to; null: nothing of the project.</param>
    public static async Task<FeedOver> StartAsync(HostileProject project, ProjectSources? approved)
    {
        var store = new TestFolder();
        var log = new TestLog();
        var feed = new PackageFeed(approved, store.Path, new PackageLog(store["packages.log"]), log, userFiles: [project.UserFile]);
        return new FeedOver(feed, await TestServer.StartAsync(feed.Map), log, store);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public void Use(ProjectSources sources) => feed.Use(sources);

    public Task FetchAsync(params (string Id, string Version)[] packages) => feed.FetchAsync(packages, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await server.DisposeAsync();
        feed.Dispose();
        store.Dispose();
    }
}

/// <summary>The attacker's server: asks everybody to sign in, and keeps what it hears.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly TestServer server;

    private Listener(TestServer server, ConcurrentQueue<string> secrets)
    {
        this.server = server;
        Secrets = secrets;
    }

    public Uri Index => new(server.Address, "v3/index.json");

    public Uri Address => server.Address;

    public IReadOnlyCollection<string> Connections => server.Paths;

    public ConcurrentQueue<string> Secrets { get; }

    public static async Task<Listener> StartAsync()
    {
        ConcurrentQueue<string> secrets = [];
        return new Listener(await TestServer.StartAsync(app => app.Map("/{**path}", (HttpContext context) =>
        {
            if (context.Request.Headers.Authorization.ToString() is not { Length: > 0 } said)
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"x\"";
                return;
            }

            secrets.Enqueue(said);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        })), secrets);
    }

    public static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
