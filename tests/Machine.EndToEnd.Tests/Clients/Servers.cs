using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Machine.EndToEnd.Client;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Tests.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Machine.EndToEnd.Tests.Clients;

/// <summary>Real servers at the far end of an <see cref="Internet"/>: Kestrel with HTTP/1.1, HTTP/2, WebSockets, events and gRPC; PostgreSQL and sshd of the distribution.</summary>
internal sealed class Servers : IAsyncDisposable
{
    public const string Web = "web.example.com";
    public const string Rpc = "rpc.example.com";
    public const string Database = "db.example.com";
    public const string Shell = "shell.example.com";

    private readonly List<Process> processes = [];
    private readonly List<Socket> sockets = [];
    private readonly SemaphoreSlim heard = new(0);
    private WebApplication? application;
    private string? state;
    private string? stateOutside;

    private Servers()
    {
    }

    /// <summary>Of every server here.</summary>
    public X509Certificate2 Certificate { get; } = TestCertificate.For("*.example.com");

    /// <summary>What the Kestrel here was asked, by its protocol.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public static (string, string)[] Names { get; } = [.. new[] { Web, Rpc, Database, Shell }.Select(name => (name, Internet.Server))];

    public static async Task<Servers> StartAsync(Internet internet)
    {
        var servers = new Servers();
        await servers.StartWebAsync(internet);
        return servers;
    }

    /// <param name="key">The public key that may sign in.</param>
    public async Task StartSystemAsync(Internet internet, string key)
    {
        var root = await RootAsync();
        state = $"/run/machine-{Environment.ProcessId}";
        stateOutside = root + state;
        Directory.CreateDirectory(stateOutside);
        Directory.CreateDirectory(root + "/run/sshd");
        File.WriteAllText(stateOutside + "/authorized", key);
        File.WriteAllText(stateOutside + "/certificate.pem", Certificate.ExportCertificatePem());
        using (var ecdsa = Certificate.GetECDsaPrivateKey()!)
        {
            File.WriteAllText(stateOutside + "/key.pem", ecdsa.ExportPkcs8PrivateKeyPem());
        }

        await RunAsync(["chroot", root, "sh", "-ec", $"""
            [ -e /dev/null ] || mknod -m 666 /dev/null c 1 3
            [ -e /dev/urandom ] || mknod -m 666 /dev/urandom c 1 9
            cd {state}
            chown -R postgres . && chmod 700 . && chmod 600 key.pem
            ssh-keygen -q -t ed25519 -N '' -f host
            """]);
        await RunAsync(["chroot", "--userspec=postgres:postgres", root, "sh", "-ec", $"""
            /usr/lib/postgresql/*/bin/initdb -D {state}/data -A trust -E UTF8 --locale=C >/dev/null
            echo 'host all all 0.0.0.0/0 trust' >>{state}/data/pg_hba.conf
            """]);
        await RunAsync(["chroot", root, "chown", "root", state, state + "/host", state + "/authorized"]);
        await RunAsync(["chroot", root, "chmod", "755", state]);
        Start([.. internet.Beyond, "chroot", root, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", state + "/host", "-o", "AuthorizedKeysFile=" + state + "/authorized",
            "-o", "PidFile=none", "-o", "StrictModes=no", "-o", "PermitRootLogin=yes"]);
        Start([.. internet.Beyond, "chroot", "--userspec=postgres:postgres", root, "sh", "-c",
            $"exec /usr/lib/postgresql/*/bin/postgres -D {state}/data -c listen_addresses='*' -c unix_socket_directories= -c ssl=on -c ssl_cert_file={state}/certificate.pem -c ssl_key_file={state}/key.pem "
            + "-c shared_memory_type=mmap -c dynamic_shared_memory_type=mmap"]);
        await Eventually.TrueAsync(async () => await ListensAsync(internet, 22) && await ListensAsync(internet, 5432), TimeSpan.FromMinutes(2));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        if (application is not null)
        {
            await application.DisposeAsync();
        }

        sockets.ForEach(socket => socket.Dispose());
        heard.Dispose();
        Certificate.Dispose();
        if (stateOutside is not null)
        {
            Directory.Delete(stateOutside, recursive: true);
        }
    }

    private async Task StartWebAsync(Internet internet)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton<IServiceMethodProvider<Greeter>, GreeterMethods>();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Listen(80, HttpProtocols.Http1, secure: false);
            Listen(443, HttpProtocols.Http1AndHttp2, secure: true);
            Listen(5000, HttpProtocols.Http2, secure: false);

            void Listen(int port, HttpProtocols protocols, bool secure)
            {
                var socket = internet.Listen(port);
                sockets.Add(socket);
                kestrel.ListenHandle((ulong)socket.Handle, listen =>
                {
                    listen.Protocols = protocols;
                    if (secure)
                    {
                        listen.UseHttps(Certificate);
                    }
                });
            }
        });
        application = builder.Build();
        application.UseWebSockets();
        application.Use((context, next) =>
        {
            Requests.Enqueue($"{context.Request.Protocol} {context.Request.Scheme}://{context.Request.Host}{context.Request.Path}");
            return next();
        });
        application.MapGet("/", (HttpContext context) => $"hello over {context.Request.Protocol} and {context.Request.Scheme}\n");
        application.MapGet("/repository.git/info/refs", () => Results.Text("1111111111111111111111111111111111111111\trefs/heads/main\n", "text/plain"));
        application.MapMethods("/file", ["GET", "HEAD"], (HttpContext context) => $"a file over {context.Request.Protocol}\n");
        application.MapGet("/repository.git/HEAD", () => "ref: refs/heads/main\n");
        application.MapGet("/heard", () =>
        {
            heard.Release();
            return "heard\n";
        });
        application.MapGet("/events", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            foreach (var number in new[] { "one", "two", "three" })
            {
                await context.Response.WriteAsync($"data: {number}\n\n");
                await context.Response.Body.FlushAsync();
                await heard.WaitAsync(context.RequestAborted);
            }
        });
        application.MapGet("/socket", async (HttpContext context) =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            var got = await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.SendAsync(buffer.AsMemory(0, got.Count), System.Net.WebSockets.WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(buffer, context.RequestAborted);
            await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
        });
        application.MapGrpcService<Greeter>();
        await application.StartAsync(TestContext.Current.CancellationToken);
    }

    private void Start(IReadOnlyList<string> line) => processes.Add(Process.Start(new ProcessStartInfo(line[0], line.Skip(1)))!);

    private static async Task<bool> ListensAsync(Internet internet, int port)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", [.. internet.Beyond.Skip(1), "bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{port}"]) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }

    // Debian with the two servers, made once for all runs: installed on the host they would serve there.
    private static async Task<string> RootAsync()
    {
        var cache = Directory.CreateDirectory(Path.Combine(MachinePaths.FromEnvironment().Home, "test-disks")).FullName;
        var finished = Path.Combine(cache, "servers-1");
        if (Directory.Exists(finished))
        {
            return finished;
        }

        var cancel = TestContext.Current.CancellationToken;
        var work = Directory.CreateTempSubdirectory("machine-servers-").FullName;
        try
        {
            var sources = DebianMirror.Find("/etc/apt", "bookworm", Environment.GetEnvironmentVariable);
            await File.WriteAllTextAsync(work + "/sources.sources", string.Concat(sources.Select(source => source.ToStanza() + "\n")), cancel);
            var options = (await AptSettings.ReadAsync(cancel)).Select(option => "--aptopt=" + option);
            await RunAsync(["mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase", "--include=postgresql,openssh-server", .. options,
                "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*", "bookworm", work + "/root", work + "/sources.sources"]);
            await RunAsync(["mv", work + "/root", finished]);
        }
        finally
        {
            await RunAsync(["rm", "-rf", "--one-file-system", work]);
        }

        return finished;
    }

    private static async Task RunAsync(IReadOnlyList<string> line)
    {
        using var process = Process.Start(new ProcessStartInfo(line[0], line.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{string.Join(' ', line)}\n{await output}{error}");
    }

    internal sealed class Greeter
    {
        public static async Task GreetAsync(string name, IServerStreamWriter<string> answers)
        {
            foreach (var word in new[] { "hello,", name })
            {
                await answers.WriteAsync(word);
            }
        }
    }

    private sealed class GreeterMethods : IServiceMethodProvider<Greeter>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<Greeter> context) =>
            context.AddServerStreamingMethod(Greeting.Method, [], (_, name, answers, _) => Greeter.GreetAsync(name, answers));
    }
}
