using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>git LFS at the server's side: the batch API beside git, and files at another name with a key of their own. git's own http-backend has none.</summary>
internal sealed class LfsServer(GitUnderTest git)
{
    public const string Files = "files.example.com";
    public const string Key = "key-canary-of-the-file-server";

    private static readonly string Known = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{GitServer.User}:{GitServer.Password}"));

    public ConcurrentDictionary<string, byte[]> Kept { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Got { get; } = [];

    public ConcurrentQueue<string> Verified { get; } = [];

    /// <summary>Another answer to a batch than the right one; null for that.</summary>
    public Func<string>? Answer { get; set; }

    /// <summary>Another file than the right one; false for that.</summary>
    public Func<HttpContext, Task<bool>>? Serve { get; set; }

    public string Address(string oid) => $"https://{Files}:{git.Upstream.Port}/lfs/{oid}";

    public async Task<bool> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.StartsWith("/lfs/", StringComparison.Ordinal))
        {
            Got.Enqueue($"{context.Request.Method} {context.Request.Headers["X-Key"]} {context.Request.Headers.Authorization} {context.Request.Headers.Cookie}");
            if (Serve is { } serve && await serve(context))
            {
                return true;
            }

            await FileAsync(context, path["/lfs/".Length..]);
            return true;
        }

        if (!path.EndsWith("/info/lfs/objects/batch", StringComparison.Ordinal))
        {
            return false;
        }

        if (context.Request.Headers.Authorization != Known)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"lfs\"";
            return true;
        }

        var asked = (await JsonNode.ParseAsync(context.Request.Body))!;
        context.Response.ContentType = "application/vnd.git-lfs+json; charset=utf-8";
        await context.Response.WriteAsync(Answer?.Invoke() ?? Right(asked).ToJsonString());
        return true;
    }

    private JsonObject Right(JsonNode asked)
    {
        var upload = asked["operation"]!.GetValue<string>() == "upload";
        return new JsonObject
        {
            ["transfer"] = "basic",
            ["objects"] = new JsonArray([.. asked["objects"]!.AsArray().Select(one =>
            {
                var (oid, size) = (one!["oid"]!.GetValue<string>(), one["size"]!.GetValue<long>());
                var told = new JsonObject { ["oid"] = oid, ["size"] = size };
                if (!upload && !Kept.ContainsKey(oid))
                {
                    told["error"] = new JsonObject { ["code"] = 404, ["message"] = "no such file" };
                }
                else if (!upload || !Kept.ContainsKey(oid))
                {
                    told["actions"] = upload
                        ? new JsonObject { ["upload"] = Action(oid), ["verify"] = Action(oid + "/verify") }
                        : new JsonObject { ["download"] = Action(oid) };
                }

                return told;
            })]),
        };
    }

    private JsonObject Action(string what) => new() { ["href"] = Address(what), ["header"] = new JsonObject { ["X-Key"] = Key, ["Host"] = "evil.example.com" }, ["expires_in"] = 600 };

    private async Task FileAsync(HttpContext context, string oid)
    {
        if (oid.EndsWith("/verify", StringComparison.Ordinal))
        {
            Verified.Enqueue((await JsonNode.ParseAsync(context.Request.Body))!.ToJsonString());
        }
        else if (context.Request.Method == "PUT")
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes);
            Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())).ShouldBe(oid);
            Kept[oid] = bytes.ToArray();
        }
        else
        {
            var bytes = Kept[oid];
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes);
        }
    }
}
