using System.Globalization;
using System.Net.Mime;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Doors.Git;

/// <summary>Answers in the server's place, so that git inside shows why: <c>fatal: remote error: …</c>. Source: git's Documentation/gitprotocol-common and gitprotocol-pack (ERR).</summary>
internal static class GitAnswer
{
    /// <summary>What git prints of one; a packet holds 65,516 bytes.</summary>
    private const int MostCharacters = 2000;

    public static Task RefuseAsync(HttpContext context, GitRequest request, string reason)
    {
        // The answer to a push comes in bands, or is no answer: what was refused there was refused before, where the references are asked for.
        if (request is { Push: true, Lists: false })
        {
            return SayAsync(context, StatusCodes.Status403Forbidden, reason);
        }

        var line = reason.Length > MostCharacters ? reason[..MostCharacters] : reason;
        return WriteAsync(context, request.AnswerType, request.Lists ? Packet($"# service={request.Word}\n") + "0000" + Packet($"ERR {line}") : Packet($"ERR {line}"));
    }

    /// <summary>For what is no request of git's protocol.</summary>
    public static Task SayAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, MediaTypeNames.Text.Plain, reason + "\n");
    }

    private static Task WriteAsync(HttpContext context, string type, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        context.Response.Headers.CacheControl = "no-cache";
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    // Four hexadecimal digits of the length, themselves included.
    private static string Packet(string text) => (Encoding.UTF8.GetByteCount(text) + 4).ToString("x4", CultureInfo.InvariantCulture) + text;
}
