using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Text.Json.Nodes;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Forwarder;

namespace Machine.Tool.Doors.Secrets;

/// <summary>
/// Where a guest talks to a server with a secret of this host: <c>http://NAME.secret.internal</c>. Each request goes to the one server that a person agreed
/// to, over TLS, with the secret in a header; bytes go through as they come, both ways.
/// </summary>
/// <param name="approved">What a person agreed to; asked at each request.</param>
/// <param name="rules">A server that they deny is denied here too.</param>
/// <param name="tls">Null: this host's own trust.</param>
internal sealed class SecretEndpoint(
    Func<IReadOnlyList<Secret>> approved, Func<NetworkRules> rules, SecretValues values, TokenBudget budget, EgressLog log, Upstream upstream, SslClientAuthenticationOptions? tls = null) : IDisposable
{
    private const int MostRequests = 64;

    // A model thinks before its first word, and between two.
    private static readonly ForwarderRequestConfig Forwarding = new() { ActivityTimeout = TimeLimit.Minutes(15), AllowResponseBuffering = false };

    private readonly SemaphoreSlim places = new(MostRequests);
    private readonly Lock gate = new();
    private readonly Dictionary<string, HttpMessageInvoker> clients = new(StringComparer.Ordinal);
    private ServiceProvider? services;

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var client in clients.Values)
            {
                client.Dispose();
            }
        }

        services?.Dispose();
        values.Dispose();
        places.Dispose();
    }

    /// <summary>Takes variables of whoever runs a command.</summary>
    public void Take(IReadOnlyDictionary<string, string> environment) => values.Take(approved(), environment);

    /// <summary>Answers requests to names of secrets, and hands on all others.</summary>
    public Task HandleAsync(HttpContext context, Func<Task> next) =>
        context.Request.Host.Host is var host && host.EndsWith(Secret.Domain, StringComparison.OrdinalIgnoreCase) ? AnswerAsync(context, host[..^Secret.Domain.Length]) : next();

    private async Task AnswerAsync(HttpContext context, string label)
    {
        if (approved().FirstOrDefault(secret => secret.Label.Equals(label, StringComparison.OrdinalIgnoreCase)) is not { } secret)
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "machine: no secret of this name is approved for this project's machine (secrets: in its Machinefile)");
            return;
        }

        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!target.StartsWith('/') || target.Any(c => c is <= ' ' or > '~' or '#' or '\\'))
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "machine: a path belongs behind the method, with all but letters, digits and signs escaped; this is no proxy");
            return;
        }

        if (HttpMethods.IsTrace(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method))
        {
            // A server that obeys it sends the secret back.
            await RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, $"machine: {context.Request.Method} is not carried with a secret");
            return;
        }

        if (!await places.WaitAsync(0))
        {
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, $"machine: {MostRequests} requests with secrets run already");
            return;
        }

        var entry = Entry(secret);
        try
        {
            if (rules() is var now && (now.DeniesAll || now.Denying(secret.Server, secret.Port) is not null))
            {
                await DenyAsync(context, entry, StatusCodes.Status403Forbidden, $"machine: {secret.Target} is denied by a rule (dotnet machine network show)");
                return;
            }

            if (secret.TokensADay is not null && !ModelCalls.Tells(secret.Api!.Value, context.Request.Method, target))
            {
                await DenyAsync(context, entry, StatusCodes.Status403Forbidden, $"machine: what {context.Request.Method} {Tainted.Line(target.Split('?')[0])} takes can't be counted, and this secret has a number of tokens");
                return;
            }

            if (secret.TokensADay is { } most && budget.Spent(secret.Name) is var spent && spent >= most)
            {
                context.Response.Headers.RetryAfter = ((long)budget.Left.TotalSeconds + 1).ToString();
                await DenyAsync(context, entry, StatusCodes.Status429TooManyRequests, $"machine: {spent:N0} tokens are spent today of the {most:N0} that the Machinefile gives {secret.Name}; the next day of UTC begins in {budget.Left.TotalHours:0.0} hours");
                return;
            }

            if (secret.TokensADay is not null && context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true)
            {
                await DenyAsync(context, entry, StatusCodes.Status403Forbidden, "machine: what a connection of another protocol takes can't be counted, and this secret has a number of tokens");
                return;
            }

            var (header, value) = await values.HeaderAsync(secret, context.RequestAborted);
            log.Add(entry);
            var meter = new TokenMeter();
            await ForwardAsync(context, secret, new SecretRequest(secret, header, value, meter), meter, entry);
        }
        catch (SecretException e)
        {
            // The reason names files and programs of this host; the guest does not get it.
            log.Add(entry with { End = EgressEnd.Failed, Reason = e.Message });
            await RefuseAsync(context, StatusCodes.Status502BadGateway, $"machine: this host does not have the secret {secret.Name}; on the host: dotnet machine network log");
        }
        finally
        {
            places.Release();
        }
    }

    private async Task ForwardAsync(HttpContext context, Secret secret, SecretRequest request, TokenMeter meter, EgressEntry entry)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // It is carried, and takes no memory.
            size.MaxRequestBodySize = null;
        }

        if (secret.Api is not null)
        {
            context.Request.Body = new MeteredStream(context.Request.Body, piece => meter.BytesOut += piece.Length);
            context.Response.Body = new MeteredStream(context.Response.Body, meter.Read);
        }

        var clock = Stopwatch.StartNew();
        var (error, wasSent) = (ForwarderError.None, true);
        try
        {
            error = await Forwarder().SendAsync(context, $"https://{secret.Target}", ClientOf(secret), Forwarding, request, context.RequestAborted);
            if (error != ForwarderError.None && !context.Response.HasStarted)
            {
                var why = context.GetForwarderErrorFeature()?.Exception;
                var refused = Causes(why).OfType<EgressException>().FirstOrDefault();
                wasSent = refused is null;
                log.Add(entry with
                {
                    End = refused is { Denied: true } ? EgressEnd.Denied : EgressEnd.Failed,
                    Reason = refused is { Detail: { } detail } ? $"{refused.Message} ({detail})" : refused?.Message ?? why?.GetBaseException().Message,
                });
                await RefuseAsync(context, StatusCodes.Status502BadGateway, refused?.Message ?? $"machine: {secret.Target} did not answer this host as it should; on the host: dotnet machine network log");
            }
        }
        finally
        {
            // By the server's word, not by what the guest was told: who hangs up before the answer begins has asked all the same.
            var counts = secret.Api is not null && HttpMethods.IsPost(context.Request.Method) && wasSent && request.Status is not >= HttpStatusCode.MultipleChoices;
            var tokens = counts ? meter.Tokens(error == ForwarderError.None, clock.Elapsed) : 0;
            if (tokens > 0)
            {
                budget.Add(secret.Name, tokens);
            }

            log.Add(entry with { Time = DateTimeOffset.UtcNow, End = EgressEnd.Closed, BytesOut = meter.BytesOut, BytesIn = meter.BytesIn, Tokens = secret.Api is null ? null : tokens });
        }
    }

    private EgressEntry Entry(Secret secret) => new()
    {
        Id = log.NextId(),
        Time = DateTimeOffset.UtcNow,
        Server = secret.Server.Text,
        Port = secret.Port,
        End = EgressEnd.Allowed,
        Rule = $"secret {secret.Name}",
    };

    private async Task DenyAsync(HttpContext context, EgressEntry entry, int status, string reason)
    {
        log.Add(entry with { End = EgressEnd.Denied, Reason = reason });
        await RefuseAsync(context, status, reason);
    }

    // In the shape that both models' clients read; to others it is a JSON with the reason.
    private static async Task RefuseAsync(HttpContext context, int status, string reason)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var body = new JsonObject { ["type"] = "error", ["error"] = new JsonObject { ["type"] = "machine", ["message"] = reason } };
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private static IEnumerable<Exception> Causes(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            yield return e;
        }
    }

    private IHttpForwarder Forwarder()
    {
        lock (gate)
        {
            services ??= new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider();
            return services.GetRequiredService<IHttpForwarder>();
        }
    }

    // One for each server and way there: a connection that was dialled for one secret is not another's.
    private HttpMessageInvoker ClientOf(Secret secret)
    {
        lock (gate)
        {
            var key = string.Join('\0', secret.Identity);
            if (!clients.TryGetValue(key, out var client))
            {
                var handler = EgressHandler.To(upstream, secret.Private, tls);
                handler.EnableMultipleHttp2Connections = true;
                clients[key] = client = new HttpMessageInvoker(handler);
            }

            return client;
        }
    }
}
