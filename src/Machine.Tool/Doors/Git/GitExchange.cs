using System.Net;
using System.Net.Mime;
using System.Text;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>One request to a server: without a credential first, and with this host user's where the server asks for one, as git does it.</summary>
internal sealed class GitExchange(GitUpstream upstream, GitCredentials credentials, KeptCredentials kept, bool isPrivate)
{
    private const int MostOfReason = 1024;

    /// <param name="body">Null where it asks for the references.</param>
    /// <returns>The server's answer, of the right type; or a redirect.</returns>
    /// <exception cref="GitException">The server does not let this host, or can't be reached.</exception>
    public async Task<HttpResponseMessage> RunAsync(GitRequest request, GitBody? body, string? protocol, CancellationToken cancel)
    {
        var (repository, place) = (request.Repository, GitRepository.Place(request.Repository.Name, request.Repository.Port));
        var known = kept.Find(repository);
        var answer = await SendAsync(known);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            var takesPassword = answer.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase));
            answer.Dispose();
            if (!takesPassword)
            {
                throw new GitException($"machine: {place} wants another proof of who asks than a password or a token ({repository.Path})", denied: false);
            }

            if (known is not null)
            {
                kept.Forget(repository);
                await RejectAsync(request, known, cancel);
            }

            if (body is { CanRepeat: false })
            {
                throw new GitException($"machine: {place} asks for credentials in the middle; try again", denied: false);
            }

            var fresh = await FillAsync(request, cancel)
                ?? throw new GitException($"machine: {repository} wants credentials, and this host's git has none for {place} (on the host: git ls-remote https://{repository})", denied: false);
            answer = await SendAsync(fresh);
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                answer.Dispose();
                await RejectAsync(request, fresh, cancel);
                throw new GitException($"machine: {place} does not take the credentials of this host's git for {repository.Path}", denied: false);
            }

            if (answer.IsSuccessStatusCode)
            {
                kept.Keep(repository, fresh);
                await credentials.ApproveAsync(repository, request.Path, fresh, cancel);
            }
        }
        else if (known is not null && answer.IsSuccessStatusCode)
        {
            kept.Keep(repository, known);
        }

        if (IsRedirect(answer.StatusCode))
        {
            return answer;
        }

        var failure = answer.StatusCode != HttpStatusCode.OK ? await FailureAsync(answer, cancel)
            : !IsOfType(answer, request) ? $"does not speak {(request.IsLfs ? "git LFS" : "git's smart protocol")} there"
            : null;
        if (failure is null)
        {
            return answer;
        }

        answer.Dispose();
        throw new GitException($"machine: {place} {failure} ({repository.Path})", denied: false);

        Task<HttpResponseMessage> SendAsync(GitCredential? credential) => upstream.SendAsync(request, body?.Content(), protocol, credential, isPrivate, cancel);
    }

    public static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    // Servers of git LFS write an encoding behind it.
    private static bool IsOfType(HttpResponseMessage answer, GitRequest request) =>
        (request.IsLfs ? answer.Content.Headers.ContentType?.MediaType : answer.Content.Headers.ContentType?.ToString()) == request.AnswerType;

    private async Task<GitCredential?> FillAsync(GitRequest request, CancellationToken cancel)
    {
        try
        {
            return await credentials.FillAsync(request.Repository, request.Path, cancel);
        }
        catch (MachineException e)
        {
            throw new GitException($"machine: {request.Repository} wants credentials: on the host {e.Message}", denied: false, e);
        }
    }

    private Task RejectAsync(GitRequest request, GitCredential credential, CancellationToken cancel) =>
        // Of LFS alone servers say 401 to somebody whom they know and who may not write.
        request.IsLfs || kept.IsGoodAt(request.Repository.Name, request.Repository.Port, credential) ? Task.CompletedTask : credentials.RejectAsync(request.Repository, request.Path, credential, cancel);

    private static async Task<string> FailureAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var said = await ReasonAsync(answer, cancel);
        return answer.StatusCode switch
        {
            HttpStatusCode.NotFound => "has no such repository, or not for the credentials of this host's git",
            HttpStatusCode.Forbidden => "does not let the credentials of this host's git",
            var status => $"answered {(int)status}",
        } + said;
    }

    // Servers say in plain text what a person has to do: sign in to an organisation, for one.
    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (answer.Content.Headers.ContentType?.MediaType != MediaTypeNames.Text.Plain)
        {
            return "";
        }

        var bytes = new byte[MostOfReason];
        await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
        var count = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        var text = Encoding.UTF8.GetString(bytes, 0, count).Trim();
        return text.Length > 0 ? ": " + Tainted.Line(text) : "";
    }
}
