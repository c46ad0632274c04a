using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Machinefiles.Network;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Doors.Git;

/// <summary>Serves one request of git LFS that <see cref="GitEndpoint"/> has let through.</summary>
internal sealed class LfsEndpoint(Func<NetworkRules> rules, GitUpstream upstream, GitCredentials credentials, KeptCredentials kept)
{
    private const int PieceBytes = 1 << 16;

    private readonly LfsActions given = new();
    private readonly LfsUpstream files = new(upstream);

    /// <summary>Whether it reads or writes is in its body, or was said when it was given.</summary>
    /// <param name="Batch">What it asks; null for a transfer.</param>
    /// <param name="Action">The transfer; null for a batch.</param>
    internal sealed record Asked(LfsRequest Request, LfsBatch? Batch, LfsAction? Action)
    {
        public bool Push => Batch?.Upload ?? Action!.Kind != "download";

        public string Says => $"git LFS {(Push ? "to" : "from")} {Request.Repository.Path}";
    }

    /// <exception cref="GitException">It is none.</exception>
    public async Task<Asked> ReadAsync(HttpContext context, LfsRequest request, CancellationToken cancel)
    {
        switch (request.Step)
        {
            case LfsStep.Batch:
                return new Asked(request, LfsBatch.Parse(await BodyAsync(context.Request.Body, LfsBatch.MostBytes, "machine: this question of git LFS is too long", cancel)), null);
            case LfsStep.Transfer:
                var action = given.Find(request.Repository, request.Token) ?? throw new GitException("machine: this transfer of git LFS was not given, or long ago; try again", denied: true);
                return context.Request.Method == (action.Kind switch { "download" => "GET", "upload" => "PUT", _ => "POST" })
                    ? new Asked(request, null, action) : throw new GitException($"machine: this transfer of git LFS is another one than {context.Request.Method}", denied: true);
            default:
                throw new GitException("machine: locks of git LFS are not served; a file is locked and unlocked on the host", denied: true);
        }
    }

    /// <param name="door">This door as the guest called it.</param>
    /// <param name="moved">Told how many bytes went to the server, and to the guest.</param>
    /// <exception cref="GitException">The server does not let this host, or can't be reached.</exception>
    public Task ServeAsync(HttpContext context, Asked asked, bool isPrivate, string door, Action<int, int> moved, CancellationToken cancel) => asked switch
    {
        { Batch: { } batch } => BatchAsync(context, asked.Request, batch, isPrivate, door, cancel),
        { Action: { Kind: "download" } action } => DownloadAsync(context, asked.Request, action, isPrivate, moved, cancel),
        { Action: { Kind: "upload" } action } => UploadAsync(context, asked.Request, action, isPrivate, moved, cancel),
        { Action: { } action } => VerifyAsync(context, asked.Request, action, isPrivate, cancel),
        _ => throw new InvalidOperationException("neither a batch nor a transfer"),
    };

    /// <summary>What was refused or failed, as git LFS prints it.</summary>
    public static Task RefuseAsync(HttpContext context, LfsRequest request, string reason)
    {
        // Without locks a push goes on: git LFS takes this status for "there are none here".
        context.Response.StatusCode = request.Step == LfsStep.Locks ? StatusCodes.Status501NotImplemented : StatusCodes.Status422UnprocessableEntity;
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("message", reason);
            writer.WriteEndObject();
        }

        return WriteAsync(context, json.WrittenMemory);
    }

    private async Task BatchAsync(HttpContext context, LfsRequest request, LfsBatch batch, bool isPrivate, string door, CancellationToken cancel)
    {
        var asked = new GitRequest(request.Repository, request.Path, batch.Upload ? GitService.ReceivePack : GitService.UploadPack, Lists: false) { IsLfs = true };
        var body = GitBody.Of(batch.ToJson(), LfsRequest.Type);
        using var answer = await new GitExchange(upstream, credentials, kept, isPrivate).RunAsync(asked, body, protocol: null, cancel);
        if (GitExchange.IsRedirect(answer.StatusCode))
        {
            throw new GitException($"machine: {request.Repository.Name} sends questions of git LFS on to another place, which is not followed", denied: true);
        }

        await using var content = await answer.Content.ReadAsStreamAsync(cancel);
        var said = await BodyAsync(content, LfsBatch.MostBytes, $"machine: {request.Repository.Name} answers git LFS without an end", cancel);
        await WriteAsync(context, LfsAnswer.Rewrite(said, batch, request.Repository.Name.Text, action => request.TransferAddress(door, given.Give(request.Repository, action))));
    }

    private async Task DownloadAsync(HttpContext context, LfsRequest request, LfsAction action, bool isPrivate, Action<int, int> moved, CancellationToken cancel)
    {
        using var answer = Checked(await files.SendAsync(request, action, null, kept.Find(request.Repository), isPrivate, rules(), cancel), request, action);
        if (answer.Content.Headers.ContentLength is { } length && length != action.Object.Size)
        {
            // The right size is not said: it would tell what else the server has.
            throw new GitException($"machine: the server has a file of another size than the repository names ({action.Object.Oid})", denied: false);
        }

        if (answer.Content.Headers.ContentEncoding.Count > 0)
        {
            throw new GitException("machine: the server sends a file of git LFS in an encoding that was not asked for", denied: false);
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = action.Object.Size;
        await using var content = await answer.Content.ReadAsStreamAsync(cancel);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The last piece waits until all of it is known: a file that is another one is cut off, and never whole.
        var (piece, held, heldCount) = (new byte[PieceBytes], new byte[PieceBytes], 0);
        for (var left = action.Object.Size; ;)
        {
            var count = await content.ReadAsync(piece, cancel);
            left -= count;
            if (left < 0 || (count == 0 && left > 0))
            {
                throw new GitException($"machine: the server sent {(left < 0 ? "more" : "less")} than the file of git LFS has ({action.Object.Oid})", denied: false);
            }

            hash.AppendData(piece, 0, count);
            if (count == 0 && Convert.ToHexStringLower(hash.GetCurrentHash()) != action.Object.Oid)
            {
                throw new GitException($"machine: the server sent another file of git LFS than the repository names ({action.Object.Oid}): the hash differs", denied: false);
            }

            await context.Response.Body.WriteAsync(held.AsMemory(0, heldCount), cancel);
            moved(0, heldCount);
            if (count == 0)
            {
                return;
            }

            (piece, held, heldCount) = (held, piece, count);
        }
    }

    private async Task UploadAsync(HttpContext context, LfsRequest request, LfsAction action, bool isPrivate, Action<int, int> moved, CancellationToken cancel)
    {
        if (context.Request.ContentLength is { } length && length != action.Object.Size)
        {
            throw new GitException($"machine: {length} bytes were sent for a file of git LFS that has {action.Object.Size}", denied: true);
        }

        using var content = new CarriedContent(context.Request.Body, action.Object.Size, count => moved(count, 0));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = Checked(await files.SendAsync(request, action, content, kept.Find(request.Repository), isPrivate, rules(), cancel), request, action);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private async Task VerifyAsync(HttpContext context, LfsRequest request, LfsAction action, bool isPrivate, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new { oid = action.Object.Oid, size = action.Object.Size }));
        content.Headers.ContentType = new MediaTypeHeaderValue(LfsRequest.Type);
        using var answer = Checked(await files.SendAsync(request, action, content, kept.Find(request.Repository), isPrivate, rules(), cancel), request, action);
        context.Response.StatusCode = StatusCodes.Status200OK;
    }

    private static HttpResponseMessage Checked(HttpResponseMessage answer, LfsRequest request, LfsAction action)
    {
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted or HttpStatusCode.NoContent)
        {
            return answer;
        }

        var status = (int)answer.StatusCode;
        answer.Dispose();
        throw new GitException($"machine: {(action.Address.IdnHost == request.Repository.Name.Text ? request.Repository.Name.Text : "the server of git LFS files of " + request.Repository.Name)} answered {status} for {action.Object.Oid}", denied: false);
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(Stream stream, int most, string tooLong, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        var piece = new byte[PieceBytes];
        while (await stream.ReadAsync(piece, cancel) is > 0 and var count)
        {
            if (bytes.Length + count > most)
            {
                throw new GitException(tooLong, denied: true);
            }

            bytes.Write(piece, 0, count);
        }

        return bytes.ToArray();
    }

    private static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = LfsRequest.Type;
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }
}
