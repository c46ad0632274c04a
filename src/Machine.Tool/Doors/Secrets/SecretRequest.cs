using System.Net;
using System.Net.Http.Headers;
using Machine.Tool.Machinefiles.Secrets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Machine.Tool.Doors.Secrets;

/// <summary>Turns a request of the guest into one to the secret's server: what the guest sends of its own to sign in with is left out, and the secret is put in.</summary>
internal sealed class SecretRequest(Secret secret, string header, string value, TokenMeter meter) : HttpTransformer
{
    private static readonly string[] SignIn = ["Authorization", "Proxy-Authorization", "X-Api-Key", "Api-Key", "Cookie"];

    // Sessions that were signed in with the secret; and what would have the guest look for the server elsewhere.
    private static readonly string[] Kept = ["Set-Cookie", "Alt-Svc", "Strict-Transport-Security"];

    /// <summary>The server's own; null where it did not answer.</summary>
    public HttpStatusCode? Status { get; private set; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        // As the guest wrote it: read and written anew, an escaped slash would be another.
        proxyRequest.RequestUri = new Uri(destinationPrefix + httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        // The server's own, of its address.
        proxyRequest.Headers.Host = null;
        Array.ForEach([.. SignIn, header], name => proxyRequest.Headers.Remove(name));
        if (secret.Api is not null)
        {
            // What is compressed can't be counted.
            proxyRequest.Headers.AcceptEncoding.Clear();
            proxyRequest.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        }

        if (!proxyRequest.Headers.TryAddWithoutValidation(header, value))
        {
            throw new SecretException($"{header} is no header of a request");
        }
    }

    /// <summary>Trailers are not carried: nobody looks at them for the secret.</summary>
    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        Status = proxyResponse?.StatusCode;
        meter.IsEventStream = proxyResponse?.Content.Headers.ContentType?.MediaType == "text/event-stream";
        var hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        Array.ForEach(Kept, name => httpContext.Response.Headers.Remove(name));
        // Some servers send headers back as they came.
        foreach (var echo in httpContext.Response.Headers.Where(one => one.Value.ToString().Contains(value, StringComparison.Ordinal)).Select(one => one.Key).ToList())
        {
            httpContext.Response.Headers.Remove(echo);
        }

        return hasBody;
    }
}
