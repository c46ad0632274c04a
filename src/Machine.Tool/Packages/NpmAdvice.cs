using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Machine.Tool.Packages;

/// <summary>
/// What <c>npm audit</c> asks: which of these versions have known vulnerabilities. The one thing that is posted to the registry; the question is read
/// and written anew, so that nothing goes there but names and versions.
/// </summary>
internal sealed class NpmAdvice(NpmUpstream upstream)
{
    public const string Path = "-/npm/v1/security/advisories/bulk";

    private const int MaximumQuestion = 4 << 20;
    private const int MostPackages = 20_000;

    public async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaximumQuestion;
        }

        var question = Question(await BodyAsync(context));
        await FeedResponse.BytesAsync(context, await upstream.AdviceAsync(Path, question, context.RequestAborted), "application/json");
    }

    /// <summary>The same question in our own writing.</summary>
    /// <exception cref="FeedException">It is no map of names to lists of versions.</exception>
    internal static byte[] Question(ReadOnlyMemory<byte> asked)
    {
        try
        {
            using var document = JsonDocument.Parse(asked, new JsonDocumentOptions { MaxDepth = 4 });
            using var bytes = new MemoryStream();
            using (var writer = new Utf8JsonWriter(bytes))
            {
                writer.WriteStartObject();
                foreach (var package in document.RootElement.EnumerateObject().Take(MostPackages))
                {
                    if (NpmRequest.Parse(package.Name) is not { Version: null } name || name.Name != package.Name)
                    {
                        throw FeedException.BadRequest("the npm registry is asked about names of packages only");
                    }

                    writer.WriteStartArray(name.Name);
                    foreach (var version in package.Value.EnumerateArray().Select(version => version.GetString()).Where(version => version is not null && NpmRequest.IsVersion(version)))
                    {
                        writer.WriteStringValue(version);
                    }

                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            }

            return bytes.ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FeedException(StatusCodes.Status400BadRequest, "the npm registry is asked for advisories with a map of names and versions", e);
        }
    }

    // npm compresses it; a little that unfolds to much ends here.
    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context)
    {
        var isCompressed = context.Request.Headers.ContentEncoding == "gzip";
        await using var body = isCompressed ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            while (await body.ReadAsync(buffer, context.RequestAborted) is > 0 and var read)
            {
                if (bytes.Length + read > MaximumQuestion)
                {
                    throw new FeedException(StatusCodes.Status413PayloadTooLarge, $"a question for advisories has at most {MaximumQuestion >> 20} MiB");
                }

                bytes.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw new FeedException(StatusCodes.Status400BadRequest, "the question for advisories is no gzip", e);
        }

        return bytes.ToArray();
    }
}
