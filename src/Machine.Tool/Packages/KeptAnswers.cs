using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>A document as the registry gave it.</summary>
/// <param name="ETag">What the registry called this state of it; null where it called it nothing.</param>
/// <param name="IsFresh">The registry was asked a moment ago.</param>
internal sealed record KeptAnswer(byte[] Json, string? ETag, bool IsFresh);

/// <summary>
/// Documents of packages, once per host: the registry is asked whether one still holds, and not for all of it again. One file each, of two parts: a line
/// with the ETag, and the document. By the registry's address, which only the user's own configuration names.
/// </summary>
/// <param name="folder">Its <c>answers/</c> is bounded by <see cref="ContentStore"/>.</param>
/// <param name="kind">Whose documents: the name of their folder.</param>
internal sealed class KeptAnswers(string folder, string kind, ILogger log)
{
    private const int LongestETag = 1024;
    private const long LookAgain = 100L << 20;

    // As long as npm itself takes an answer for new; package indexes of Python say ten minutes.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    private long added;

    /// <param name="form">The form of the document, as an ending; empty for the only one.</param>
    /// <returns>Null where none is kept.</returns>
    public async Task<KeptAnswer?> FindAsync(Uri registry, string name, string form, CancellationToken cancel)
    {
        var path = FileOf(registry, name, form);
        try
        {
            var written = File.GetLastWriteTimeUtc(path);
            var bytes = await File.ReadAllBytesAsync(path, cancel);
            var end = Array.IndexOf(bytes, (byte)'\n');
            var now = DateTime.UtcNow;
            return end < 0 ? null
                : new KeptAnswer(bytes[(end + 1)..], end == 0 ? null : Encoding.ASCII.GetString(bytes, 0, end), written <= now && now - written < Fresh);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps what the registry gave; a disk that takes nothing more costs the next question, and no answer.</summary>
    public void Keep(Uri registry, string name, string form, string? etag, byte[] json)
    {
        var path = FileOf(registry, name, form);
        try
        {
            MachinePaths.CreatePrivate(Path.GetDirectoryName(path)!);
            JsonState.Write(path, stream =>
            {
                stream.Write(Encoding.ASCII.GetBytes((IsETag(etag) ? etag : "") + "\n"));
                stream.Write(json);
            });
            if (Interlocked.Add(ref added, json.Length) > LookAgain)
            {
                Interlocked.Exchange(ref added, 0);
                new ContentStore(folder, "", log).TrimAnswers();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is kept is older, or nothing.
        }
    }

    /// <summary>The registry says that it still holds.</summary>
    public void Renew(Uri registry, string name, string form)
    {
        try
        {
            File.SetLastWriteTimeUtc(FileOf(registry, name, form), DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was deleted meanwhile: the next one asks for all of it.
        }
    }

    private static bool IsETag(string? text) => text is { Length: > 0 and <= LongestETag } && text.All(c => c is > ' ' and <= '~');

    private string FileOf(Uri registry, string name, string form) =>
        Path.Combine(folder, "answers", kind, Hash(registry.AbsoluteUri)[..32], $"{Hash(name)}{form}.json");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
