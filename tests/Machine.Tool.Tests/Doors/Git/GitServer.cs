using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Machine.Tool.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>What a server of git got.</summary>
public sealed record GitServerRequest(string Method, string Target, string? Authorization, IReadOnlyDictionary<string, string> Headers);

/// <summary>A real server of git: <c>git http-backend</c> behind Kestrel, over TLS, with a password.</summary>
public sealed class GitServer : IAsyncDisposable
{
    public const string User = "reader";
    public const string Password = "the-secret-of-the-host";

    private readonly WebApplication application;
    private readonly string root;

    private GitServer(WebApplication application, string root, X509Certificate2 certificate)
    {
        this.application = application;
        this.root = root;
        Certificate = certificate;
    }

    public X509Certificate2 Certificate { get; }

    public int Port { get; private set; }

    public ConcurrentQueue<GitServerRequest> Requests { get; } = [];

    /// <summary>Repositories, by their first segment, that are for everybody.</summary>
    public string Public { get; set; } = "public";

    /// <summary>Where a request is served by it, nothing else happens.</summary>
    public Func<HttpContext, Task<bool>>? Instead { get; set; }

    /// <param name="listening">Where it is to be; null for a port of loopback.</param>
    public static async Task<GitServer> StartAsync(string root, Socket? listening = null)
    {
        var certificate = TestCertificate.For("git.example.com");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(server =>
        {
            server.Limits.MaxRequestBodySize = null;
            if (listening is null)
            {
                server.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
            }
            else
            {
                server.ListenHandle((ulong)listening.Handle, listen => listen.UseHttps(certificate));
            }
        });
        var application = builder.Build();
        var git = new GitServer(application, root, certificate);
        application.Run(git.ServeAsync);
        await application.StartAsync(TestContext.Current.CancellationToken);
        git.Port = listening is null ? new Uri(application.Urls.Single()).Port : ((IPEndPoint)listening.LocalEndPoint!).Port;
        return git;
    }

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        Certificate.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new GitServerRequest(
            request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            request.Headers.Authorization,
            request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        if (Instead is { } serve && await serve(context))
        {
            return;
        }

        var known = request.Headers.Authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));
        if (!known && !request.Path.StartsWithSegments("/" + Public))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }

        await RunAsync(context, known);
    }

    private async Task RunAsync(HttpContext context, bool known)
    {
        var request = context.Request;
        using var backend = HostProgram.Start("git", ["http-backend"], start =>
        {
            start.RedirectStandardInput = start.RedirectStandardOutput = true;
            start.Environment["GIT_PROJECT_ROOT"] = root;
            start.Environment["GIT_HTTP_EXPORT_ALL"] = "1";
            start.Environment["PATH_INFO"] = request.Path;
            start.Environment["QUERY_STRING"] = request.QueryString.Value!.TrimStart('?');
            start.Environment["REQUEST_METHOD"] = request.Method;
            start.Environment["CONTENT_TYPE"] = request.ContentType ?? "";
            start.Environment["HTTP_CONTENT_ENCODING"] = request.Headers.ContentEncoding.ToString();
            start.Environment["GIT_PROTOCOL"] = request.Headers["Git-Protocol"].ToString();
            start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
            start.Environment["HOME"] = root;
            if (request.ContentLength is { } length)
            {
                start.Environment["CONTENT_LENGTH"] = length.ToString(CultureInfo.InvariantCulture);
            }

            if (known)
            {
                start.Environment["REMOTE_USER"] = User;
            }
        });
        var sending = Task.Run(async () =>
        {
            try
            {
                await request.Body.CopyToAsync(backend.StandardInput.BaseStream, context.RequestAborted);
                backend.StandardInput.Close();
            }
            catch (IOException)
            {
                // It has read what it wanted.
            }
        });
        var output = backend.StandardOutput.BaseStream;
        while (await LineAsync(output) is { Length: > 0 } line)
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            if (name == "Status")
            {
                context.Response.StatusCode = int.Parse(value.Split(' ')[0], CultureInfo.InvariantCulture);
            }
            else
            {
                context.Response.Headers[name] = value;
            }
        }

        await output.CopyToAsync(context.Response.Body, context.RequestAborted);
        await sending;
    }

    private static async Task<string> LineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }
}
