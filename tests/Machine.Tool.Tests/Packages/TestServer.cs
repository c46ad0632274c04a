using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Tests.Packages;

/// <summary>A real Kestrel on a loopback port that remembers what was asked.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private TestServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<string> Paths { get; } = [];

    /// <summary>Requests without what <see cref="Authorization"/> asks.</summary>
    public int Refused { get; private set; }

    /// <summary>When set, every request needs it: <c>user:password</c> as Basic, else the whole Authorization header.</summary>
    public string? Authorization { get; set; }

    /// <summary>While false, connections are cut, as by a host that went away.</summary>
    public bool Up { get; set; } = true;

    public Uri Address { get; private set; } = null!;

    public Uri Index => new(Address, "nuget/v3/index.json");

    public static async Task<TestServer> StartAsync(Action<IEndpointRouteBuilder> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new TestServer(app);
        app.Use(server.ReceiveAsync);
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        server.Address = new Uri(app.Urls.Single());
        return server;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private Task ReceiveAsync(HttpContext context, Func<Task> next)
    {
        if (!Up)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        if (Authorization is { } wanted && context.Request.Headers.Authorization != wanted)
        {
            Refused++;
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"test\"";
            return Task.CompletedTask;
        }

        Paths.Enqueue(context.Request.Path.Value!);
        return next();
    }
}
