using System.Text;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>A log that others write, and may shorten or replace, while it is read.</summary>
/// <param name="name">As it is shown above its lines.</param>
internal sealed partial class LogFile(string name, string path)
{
    /// <summary>Logs are rotated long before; a guest that fills its console in between fills no memory of ours.</summary>
    private const int MostBytes = 8 << 20;

    private long position;
    private string unfinished = "";

    public string Name => name;

    public bool Exists => File.Exists(path);

    /// <summary>The last lines there are; <see cref="Next"/> goes on from there.</summary>
    public IReadOnlyList<string> Last(int lines) => [.. Read(Math.Max(0, Length() - MostBytes)).TakeLast(lines)];

    /// <summary>What was written since; whole lines only.</summary>
    public IReadOnlyList<string> Next()
    {
        var length = Length();
        if (length < position)
        {
            // Rotated, or begun anew by the next start.
            (position, unfinished) = (0, "");
        }

        return length == position ? [] : Read(position);
    }

    /// <summary>Colours and cursor movements dropped, anything else that a terminal would obey spelled out: guests write here.</summary>
    internal static string Plain(string line) => Tainted.Content(EscapeSequence().Replace(line, "").TrimEnd('\r'));

    private long Length() => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private List<string> Read(long from)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = from;
            var bytes = new byte[Math.Min(MostBytes, Math.Max(0, stream.Length - from))];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            position = from + count;
            var lines = (unfinished + Encoding.UTF8.GetString(bytes, 0, count)).Split('\n');
            unfinished = lines[^1];
            return [.. lines[..^1].Select(Plain)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    // Control sequences, and strings that set titles.
    [GeneratedRegex(@"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|\x1b[ -/]*[0-~]")]
    private static partial Regex EscapeSequence();
}
