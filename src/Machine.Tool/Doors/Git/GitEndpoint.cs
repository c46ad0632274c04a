using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Doors.Git;

/// <summary>
/// git's smart protocol for a machine, below <c>/git/SERVER/</c>: this host asks the server in the guest's place, with its user's credentials, for the repositories
/// that rules name and for nothing else. The guest never sees a credential; one that it sends is dropped.
/// </summary>
internal sealed partial class GitEndpoint : IDisposable
{
    /// <summary>Bytes that a request for objects may have; a push has no bound.</summary>
    private const long MostOfFetch = 64 << 20;

    private const int PieceBytes = 1 << 16;

    // Servers of git say something every few seconds while they count or unpack.
    private static readonly TimeSpan Silence = TimeLimit.Minutes(5);

    private readonly KeptCredentials kept = new();
    private readonly LfsEndpoint files;
    private readonly SemaphoreSlim places = new(GitUpstream.MostConnections);
    private readonly Func<NetworkRules> rules;
    private readonly GitUpstream upstream;
    private readonly GitCredentials credentials;
    private readonly EgressLog log;
    private readonly ILogger logger;

    /// <param name="rules">Asked at each request.</param>
    public GitEndpoint(Func<NetworkRules> rules, GitUpstream upstream, GitCredentials credentials, EgressLog log, ILogger logger)
    {
        (this.rules, this.upstream, this.credentials, this.log, this.logger) = (rules, upstream, credentials, log, logger);
        files = new LfsEndpoint(rules, upstream, credentials, kept);
    }

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.Map(GitRequest.Prefix + "{**rest}", AnswerAsync);

    public void Dispose()
    {
        upstream.Dispose();
        places.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A request must not end the supervisor, and what failed is told inside in git's own words.")]
    private async Task AnswerAsync(HttpContext context)
    {
        // As it came: whatever else decodes or shortens it would ask for another repository than was judged.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (LfsRequest.TryParse(context.Request.Method, target) is { } asked)
        {
            await AnswerAsync(context, asked);
            return;
        }

        if (GitRequest.TryParse(context.Request.Method, target) is not { } request)
        {
            const string why = "machine: no request of git's smart protocol to a repository's plain address";
            log.Add(new EgressEntry { Id = log.NextId(), Time = DateTimeOffset.UtcNow, Server = Tainted.Line(target), Port = GitRepository.UsualPort, End = EgressEnd.Denied, Reason = why });
            await GitAnswer.SayAsync(context, StatusCodes.Status403Forbidden, why);
            return;
        }

        var verdict = GitPolicy.Judge(rules(), request.Repository, request.Push);
        var entry = EntryOf(request.Repository, verdict, request.Says);
        try
        {
            Require(verdict);
            await ServeAsync(context, request, verdict.Private, entry);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The guest has gone.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var why = e as GitException ?? Unforeseen(e, request.Repository, request.Says);
            log.Add(entry with { End = why.Denied ? EgressEnd.Denied : EgressEnd.Failed, Reason = why.Message, Wish = verdict.Wish });
            context.Response.Clear();
            await GitAnswer.RefuseAsync(context, request, why.Message);
        }
        catch (Exception e)
        {
            // A pack that is cut off must not look like a whole one.
            log.Add(entry with { End = EgressEnd.Failed, Reason = Unforeseen(e, request.Repository, request.Says).Message });
            context.Abort();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A request must not end the supervisor, and what failed is told inside in git LFS's own words.")]
    private async Task AnswerAsync(HttpContext context, LfsRequest request)
    {
        var verdict = GitPolicy.Judge(rules(), request.Repository, push: false);
        var entry = EntryOf(request.Repository, verdict, $"git LFS of {request.Repository.Path}");
        try
        {
            Require(verdict);
            Open(context, request.Step == LfsStep.Transfer ? null : LfsBatch.MostBytes);
            await places.WaitAsync(context.RequestAborted);
            try
            {
                using var silence = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
                silence.CancelAfter(Silence);
                var asked = await files.ReadAsync(context, request, silence.Token);
                verdict = GitPolicy.Judge(rules(), request.Repository, asked.Push);
                entry = entry with { Rule = verdict.Rule, Request = asked.Says };
                Require(verdict);
                log.Add(entry);
                long sent = 0, received = 0;
                await files.ServeAsync(context, asked, verdict.Private, $"http://{context.Request.Host.ToUriComponent()}", Moved, silence.Token);
                log.Add(entry with { End = EgressEnd.Closed, BytesOut = sent, BytesIn = received });

                void Moved(int toServer, int toGuest)
                {
                    sent += toServer;
                    received += toGuest;
                    silence.CancelAfter(Silence);
                }
            }
            finally
            {
                places.Release();
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The guest has gone.
        }
        catch (Exception e)
        {
            var why = e as GitException ?? Unforeseen(e, request.Repository, entry.Request!);
            log.Add(entry with { End = why.Denied ? EgressEnd.Denied : EgressEnd.Failed, Reason = why.Message, Wish = verdict.Wish });
            if (context.Response.HasStarted)
            {
                // A file that is cut off must not look like a whole one.
                context.Abort();
                return;
            }

            context.Response.Clear();
            await LfsEndpoint.RefuseAsync(context, request, why.Message);
        }
    }

    private EgressEntry EntryOf(GitRepository repository, GitVerdict verdict, string says) => new()
    {
        Id = log.NextId(),
        Time = DateTimeOffset.UtcNow,
        Server = repository.Name.Text,
        Port = repository.Port,
        End = EgressEnd.Allowed,
        Rule = verdict.Rule,
        Request = says,
    };

    private static void Require(GitVerdict verdict)
    {
        if (!verdict.Allowed)
        {
            throw new GitException(verdict.Reason!, denied: true);
        }
    }

    private async Task ServeAsync(HttpContext context, GitRequest request, bool isPrivate, EgressEntry entry)
    {
        Open(context, request.Push ? null : MostOfFetch);
        await places.WaitAsync(context.RequestAborted);
        long sent = 0, received = 0;
        try
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            silence.CancelAfter(Silence);
            var body = request.Lists ? null : await GitBody.OfAsync(context, request, Sent, silence.Token);
            using var answer = await new GitExchange(upstream, credentials, kept, isPrivate).RunAsync(request, body, Protocol(context), silence.Token);
            if (GitExchange.IsRedirect(answer.StatusCode))
            {
                context.Response.Redirect(SentOn(request, answer).AtEndpoint);
                log.Add(entry);
                return;
            }

            log.Add(entry);
            var response = context.Response;
            response.ContentType = request.AnswerType;
            response.ContentLength = answer.Content.Headers.ContentLength;
            response.Headers.CacheControl = "no-cache";
            if (answer.Content.Headers.ContentEncoding is { Count: > 0 } encoding)
            {
                response.Headers.ContentEncoding = encoding is { Count: 1 } && encoding.First() is "gzip" or "deflate" ? encoding.First()
                    : throw new GitException($"machine: {request.Repository.Name} answered in an encoding that git does not know", denied: false);
            }

            await using var content = await answer.Content.ReadAsStreamAsync(silence.Token);
            var piece = new byte[PieceBytes];
            while (await content.ReadAsync(piece, silence.Token) is > 0 and var count)
            {
                received += count;
                await response.Body.WriteAsync(piece.AsMemory(0, count), silence.Token);
                silence.CancelAfter(Silence);
            }

            void Sent(int count)
            {
                sent += count;
                silence.CancelAfter(Silence);
            }
        }
        finally
        {
            places.Release();
            if (context.Response.HasStarted)
            {
                log.Add(entry with { End = EgressEnd.Closed, BytesOut = sent, BytesIn = received });
            }
        }
    }

    /// <summary>A server that sends on to another repository names it to the guest's git, which asks here again: so each is judged, and gets its own credential.</summary>
    private GitRequest SentOn(GitRequest request, HttpResponseMessage answer)
    {
        var location = answer.Headers.TryGetValues("Location", out var values) ? string.Join(' ', values) : "";
        var next = request.Lists ? GitRequest.OfRedirect(location.StartsWith('/') ? request.Address.GetLeftPart(UriPartial.Authority) + location : location) : null;
        if (next is null || next.Service != request.Service)
        {
            throw new GitException($"machine: {request.Repository.Name} sends {request.Repository.Path} on to {Tainted.Line(location)}, which is not followed", denied: true);
        }

        return GitPolicy.Judge(rules(), next.Repository, next.Push) is { Reason: { } reason }
            ? throw new GitException($"machine: {request.Repository} is now elsewhere: {reason["machine: ".Length..]}", denied: true) : next;
    }

    private GitException Unforeseen(Exception e, GitRepository repository, string says)
    {
        if (e is not (IOException or HttpRequestException or OperationCanceledException or GitException))
        {
            // A flaw of this tool must not let anything through, nor end the door.
            logger.LogError(e, "a request of git failed");
        }

        return new GitException(
            e is OperationCanceledException ? $"machine: {repository.Name} said nothing for {Silence.TotalMinutes:0} minutes" : $"machine: {says} at {repository.Name}: {Tainted.Line(e.GetBaseException().Message)}",
            denied: false,
            e);
    }

    // The limits of the feed's socket are for small requests that come at once; a push is large, and pauses while it is packed.
    private static void Open(HttpContext context, long? most)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = most;
        }

        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
    }

    private static string? Protocol(HttpContext context) => context.Request.Headers["Git-Protocol"].ToString() is var text && Version().IsMatch(text) ? text : null;

    [GeneratedRegex(@"^version=[0-2]\z")]
    private static partial Regex Version();
}
