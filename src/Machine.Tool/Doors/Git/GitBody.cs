using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Doors.Git;

/// <summary>
/// What the guest sends with a request. A short one is read whole, so that it can be sent again with a credential: git sends four bytes ahead of whatever is longer,
/// to be asked for one then. A long one is carried as it comes.
/// </summary>
internal sealed class GitBody
{
    /// <summary>git's own measure of short (http.postBuffer), in bytes.</summary>
    private const int MostShort = 1 << 20;

    private readonly HttpContext? context;
    private readonly byte[]? whole;
    private readonly string type;
    private readonly Action<int> moved;

    private GitBody(HttpContext? context, byte[]? whole, string type, Action<int> moved)
    {
        this.context = context;
        this.whole = whole;
        this.type = type;
        this.moved = moved;
    }

    public bool CanRepeat => whole is not null;

    /// <param name="moved">Told how many bytes went on.</param>
    /// <exception cref="GitException">It is not what this request sends.</exception>
    public static async Task<GitBody> OfAsync(HttpContext context, GitRequest request, Action<int> moved, CancellationToken cancel)
    {
        var headers = context.Request.Headers;
        if (context.Request.ContentType != request.BodyType || headers.ContentEncoding.ToString() is not ("" or "gzip"))
        {
            throw new GitException($"machine: what was sent is no {request.BodyType}", denied: true);
        }

        byte[]? whole = null;
        if (context.Request.ContentLength is <= MostShort and var length)
        {
            whole = new byte[length];
            await context.Request.Body.ReadExactlyAsync(whole, cancel);
            moved(whole.Length);
        }

        return new GitBody(context, whole, request.BodyType, moved);
    }

    /// <summary>What this host wrote itself.</summary>
    public static GitBody Of(byte[] whole, string type) => new(null, whole, type, _ => { });

    /// <summary>One that was carried is there once.</summary>
    public HttpContent Content()
    {
        HttpContent content = whole is not null ? new ByteArrayContent(whole) : new CarriedContent(context!.Request.Body, context.Request.ContentLength, moved);
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (context?.Request.Headers.ContentEncoding.Count > 0)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return content;
    }
}
