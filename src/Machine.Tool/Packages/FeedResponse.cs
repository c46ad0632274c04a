using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Machine.Tool.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Machine.Tool.Packages;

/// <summary>How answers are written, for NuGet and npm alike.</summary>
internal static class FeedResponse
{
    public static Task JsonAsync(HttpContext context, JsonNode document) =>
        BytesAsync(context, System.Text.Encoding.UTF8.GetBytes(document.ToJsonString()), "application/json");

    public static async Task BytesAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string type)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    public static async Task StreamAsync(HttpContext context, Stream content, string type, long? length)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }

    /// <summary>Hands on what a server sends, up to a size and a time: what breaks off there is no answer.</summary>
    public static async Task RelayAsync(HttpContext context, Stream content, string type, long? length, long most, TimeSpan limit)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(limit);
        var buffer = new byte[1 << 16];
        try
        {
            for (long sent = 0; await content.ReadAsync(buffer, deadline.Token) is > 0 and var read;)
            {
                sent += read;
                if (sent > most)
                {
                    throw FeedException.Upstream($"it is larger than {most >> 20} MiB");
                }

                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), deadline.Token);
            }
        }
        catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw FeedException.Upstream($"it took longer than {limit.TotalMinutes:0} minutes", e);
        }
    }

    /// <summary>The reason goes into the status line, which NuGet prints, and into the body, which people and npm read.</summary>
    public static async Task ErrorAsync(HttpContext context, int status, string text, Uri? link = null)
    {
        var reason = Redaction.Reason(text) + Redaction.Link(link);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = reason;
        await JsonAsync(context, new JsonObject { ["error"] = reason });
    }

    /// <summary>Runs a handler; what fails becomes an answer. Requests are tainted, so nothing but a GET or HEAD gets further, or the one method that is named.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A request must not end the supervisor, and must not show the guest what failed inside.")]
    public static async Task GuardAsync(HttpContext context, SemaphoreSlim slots, Microsoft.Extensions.Logging.ILogger log, Func<Task> handle, string? method = null)
    {
        if (context.Request.Method != method && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            await ErrorAsync(context, StatusCodes.Status405MethodNotAllowed, "packages are read here, never written");
            return;
        }

        try
        {
            await slots.WaitAsync(context.RequestAborted);
            try
            {
                await handle();
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (FeedException e)
        {
            await ErrorAsync(context, e.Status, e.Message, e.Link);
        }
        catch (MachineException e)
        {
            await ErrorAsync(context, StatusCodes.Status502BadGateway, e.Message);
        }
        catch (Exception e)
        {
            Microsoft.Extensions.Logging.LoggerExtensions.LogError(log, "package request failed: {Error}", Redaction.Secrets(e.ToString()));
            await ErrorAsync(context, StatusCodes.Status500InternalServerError, "the package feed failed; dotnet machine logs says more");
        }
    }
}
