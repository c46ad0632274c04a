using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>
/// Sends a request of git to its server, over https alone, to an address that the door's law allows. It follows no redirect, keeps no cookie, unpacks
/// nothing, and sends no header of the guest's but the protocol's version.
/// </summary>
internal sealed class GitUpstream : IDisposable
{
    public const int MostConnections = 32;

    // Servers tell git from a browser by it.
    private const string Agent = "git/2 dotnet-machine";

    private const int MostOfHeadKibibytes = 32;

    // A connection into a private network is kept for those alone whose rule allows it.
    private readonly HttpClient ofInternet;
    private readonly HttpClient ofPrivate;

    /// <param name="tls">How servers prove who they are; null for this host's own trust.</param>
    public GitUpstream(Upstream upstream, SslClientAuthenticationOptions? tls = null)
    {
        ofInternet = Client(EgressHandler.To(upstream, isPrivate: false, tls));
        ofPrivate = Client(EgressHandler.To(upstream, isPrivate: true, tls));
    }

    public void Dispose()
    {
        ofInternet.Dispose();
        ofPrivate.Dispose();
    }

    /// <returns>The answer's head; its body is read by the caller.</returns>
    /// <exception cref="GitException">The server can't be reached, or its address is not to be.</exception>
    public async Task<HttpResponseMessage> SendAsync(GitRequest request, HttpContent? body, string? protocol, GitCredential? credential, bool isPrivate, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(request.Lists ? HttpMethod.Get : HttpMethod.Post, request.Address) { Content = body, Version = HttpVersion.Version11 };
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(request.AnswerType));
        if (protocol is not null)
        {
            message.Headers.TryAddWithoutValidation("Git-Protocol", protocol);
        }

        if (credential is not null)
        {
            message.Headers.Authorization = credential.Basic;
        }

        return await SendAsync(message, isPrivate, request.Repository.Name, cancel);
    }

    /// <summary>A request to any server that a machine may reach.</summary>
    /// <inheritdoc cref="SendAsync(GitRequest, HttpContent?, string?, GitCredential?, bool, CancellationToken)"/>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, bool isPrivate, HostName server, CancellationToken cancel)
    {
        message.Headers.TryAddWithoutValidation("User-Agent", Agent);
        try
        {
            return await (isPrivate ? ofPrivate : ofInternet).SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw e.InnerException is EgressException egress ? new GitException(egress.Message, egress.Denied, e)
                : new GitException($"machine: {GitRepository.Place(server, message.RequestUri!.Port)} can't be asked by this host: {Hosting.Tainted.Line(e.GetBaseException().Message)}", denied: false, e);
        }
    }

    private static HttpClient Client(SocketsHttpHandler handler)
    {
        handler.MaxConnectionsPerServer = MostConnections;
        handler.MaxResponseHeadersLength = MostOfHeadKibibytes;
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
