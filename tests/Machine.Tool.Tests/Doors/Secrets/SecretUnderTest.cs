using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Secrets;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Doors.Egress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Doors.Secrets;

/// <summary>The host's service socket with secrets, as a guest sees it, and behind it a real server with TLS on loopback that remembers what it got.</summary>
internal sealed class SecretUnderTest : IAsyncDisposable
{
    /// <summary>What must be nowhere but in the server's hands.</summary>
    public const string Value = "sk-canary-0123456789";

    public const string Host = "api.example.com";

    private static readonly AddressJudge Judge = new(new HashSet<IPAddress>(), []);

    private readonly WebApplication server;
    private readonly X509Certificate2 certificate;
    private readonly Upstream upstream;
    private readonly EgressDoor door;

    private SecretUnderTest(WebApplication server, X509Certificate2 certificate)
    {
        this.server = server;
        this.certificate = certificate;
        Log = new EgressLog(Folder["network.log"], TimeProvider.System);
        upstream = new Upstream(Resolver, () => (address, isPrivate) => IPAddress.IsLoopback(address) ? null : Judge.WhyNot(address, isPrivate));
        door = EgressDoor.Open(Folder["door"], () => NetworkRules.None, upstream, Log, NullLogger.Instance, SocketPath);
    }

    public TestFolder Folder { get; } = new();

    public DoorUnderTest.FixedResolver Resolver { get; } = new();

    public List<Secret> Approved { get; } = [];

    public NetworkRules Rules { get; set; } = NetworkRules.None;

    public MovedTime Time { get; } = new();

    /// <summary>What the server got: method, path with query, headers, body.</summary>
    public ConcurrentQueue<(string Method, string Path, IHeaderDictionary Headers, string Body)> Got { get; } = [];

    public Func<HttpContext, Task> Answer { get; set; } = context => context.Response.WriteAsync("hello", TestContext.Current.CancellationToken);

    public int Port => new Uri(server.Urls.Single()).Port;

    public EgressLog Log { get; }

    public string SocketPath => Folder["services"];

    public ServiceHost Services { get; private set; } = null!;

    public static async Task<SecretUnderTest> StartAsync(string certificateName = Host)
    {
        var certificate = TestCertificate.For(certificateName);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        SecretUnderTest? test = null;
        app.UseWebSockets();
        app.Run(async context =>
        {
            var body = "";
            if (!context.WebSockets.IsWebSocketRequest)
            {
                using var reader = new StreamReader(context.Request.Body);
                body = await reader.ReadToEndAsync(context.RequestAborted);
            }

            test!.Got.Enqueue((context.Request.Method, context.Features.Get<IHttpRequestFeature>()!.RawTarget, new HeaderDictionary(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase)), body));
            await test.Answer(context);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        test = new SecretUnderTest(app, certificate);
        await test.ServeAsync();
        return test;
    }

    /// <summary>Approves one whose value is the canary, in the variable of its name.</summary>
    public Secret Approve(string name = "API", ModelApi? api = null, int? tokens = null, string? header = null, Func<Secret, Secret>? with = null)
    {
        var secret = new Secret
        {
            Name = name,
            Origin = SecretOrigin.Environment,
            Server = HostName.TryParse(Host, out _)!,
            Port = Port,
            Api = api,
            Header = header ?? (api == ModelApi.Anthropic ? "x-api-key" : null),
            TokensADay = tokens,
        };
        secret = with?.Invoke(secret) ?? secret;
        Approved.Add(secret);
        Services.Take(new Dictionary<string, string> { [secret.Name] = Value });
        return secret;
    }

    /// <summary>A client in the guest.</summary>
    public HttpMessageInvoker Client() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    public async Task<(HttpStatusCode Status, string Text)> GetAsync(string address, Action<HttpRequestMessage>? with = null)
    {
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        with?.Invoke(request);
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async Task<(HttpStatusCode Status, string Text)> PostAsync(string address, string body) =>
        await GetAsync(address, request => (request.Method, request.Content) = (HttpMethod.Post, new StringContent(body)));

    /// <summary>On a connection of the guest's relay.</summary>
    public async Task<Socket> RelayAsync()
    {
        var relay = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await relay.ConnectAsync(new UnixDomainSocketEndPoint(Folder["door"]), TestContext.Current.CancellationToken);
        return relay;
    }

    public IReadOnlyList<EgressEntry> Logged() => [.. EgressLog.Read(Folder["network.log"])];

    public async ValueTask DisposeAsync()
    {
        await door.DisposeAsync();
        await Services.DisposeAsync();
        await server.DisposeAsync();
        certificate.Dispose();
        // Nothing of this host's files holds a secret's value.
        foreach (var file in Directory.EnumerateFiles(Folder.Path, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".secret", StringComparison.Ordinal)))
        {
            (await File.ReadAllTextAsync(file)).ShouldNotContain(Value, customMessage: file);
        }

        Folder.Dispose();
    }

    private async Task ServeAsync()
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(certificate);
        var secrets = new SecretEndpoint(
            () => Approved, () => Rules, new SecretValues(new GitCredentials(new Dictionary<string, string?> { ["GIT_CONFIG_GLOBAL"] = Folder["gitconfig"] }), Folder["project"]), new TokenBudget(Folder["tokens.json"], Time), Log, upstream, new SslClientAuthenticationOptions { CertificateChainPolicy = trust });
        Services = await ServiceHost.StartAsync(
            SocketPath, null, MachinePaths.At(Folder["home"]), Folder["packages.log"], new MachineServices(() => NetworkRules.None, null, secrets), NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }

    internal sealed class MovedTime : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 11, 30, 10, 0, 0, TimeSpan.Zero) + By;
    }
}
