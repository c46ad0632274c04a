using System.Net;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>
/// Asks the server that keeps a file, which is often another one than git's: over https, to an address that the door's law allows. Its headers go to the server that
/// they were given for; a redirect is followed for a download alone, under the same law.
/// </summary>
internal sealed class LfsUpstream(GitUpstream upstream)
{
    private const int MostRedirects = 5;

    /// <param name="content">What is sent; null for a download.</param>
    /// <param name="credential">For a file that git's own server keeps and gave no key for.</param>
    /// <param name="isPrivate">git's server may have an address of a private network; another one may not.</param>
    /// <param name="rules">What they deny is not asked.</param>
    /// <returns>The answer's head; its body is read by the caller.</returns>
    /// <exception cref="GitException">The server can't be reached, or is not to be.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        LfsRequest request, LfsAction action, HttpContent? content, GitCredential? credential, bool isPrivate, NetworkRules rules, CancellationToken cancel)
    {
        var address = action.Address;
        for (var hop = 0; ; hop++)
        {
            var name = HostName.OfWire(address.IdnHost);
            if (name is null || rules.Denying(name, address.Port) is not null)
            {
                throw new GitException($"machine: {request.Repository.Name} keeps files of git LFS at {Tainted.Line(address.Authority)}, {(name is null ? "which is no server's name" : "which a rule denies")}", denied: true);
            }

            var isOwn = name == request.Repository.Name && address.Port == request.Repository.Port;
            using var message = new HttpRequestMessage(action.Kind switch { "download" => HttpMethod.Get, "upload" => HttpMethod.Put, _ => HttpMethod.Post }, address) { Content = content, Version = HttpVersion.Version11 };
            if (address.Authority == action.Address.Authority)
            {
                AddHeaders(message, action, isOwn ? credential : null);
            }

            var answer = await upstream.SendAsync(message, isPrivate && isOwn, name, cancel);
            if (!GitExchange.IsRedirect(answer.StatusCode))
            {
                return answer;
            }

            var location = answer.Headers.Location;
            answer.Dispose();
            if (content is not null || hop >= MostRedirects || location is null || new Uri(address, location) is not { Scheme: "https", UserInfo: "" } next)
            {
                throw new GitException($"machine: {name} sends a file of git LFS on to {Tainted.Line(location?.ToString() ?? "nowhere")}, which is not followed", denied: true);
            }

            address = next;
        }
    }

    private static void AddHeaders(HttpRequestMessage message, LfsAction action, GitCredential? credential)
    {
        foreach (var (name, value) in action.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value) && message.Content is { } content)
            {
                content.Headers.Remove(name);
                content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (message.Headers.Authorization is null && !message.Headers.Contains("Authorization") && credential is not null)
        {
            message.Headers.Authorization = credential.Basic;
        }
    }
}
