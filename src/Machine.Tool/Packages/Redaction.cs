using System.Text;
using System.Text.RegularExpressions;

namespace Machine.Tool.Packages;

/// <summary>Takes out of a text what neither a guest nor a log may see.</summary>
internal static partial class Redaction
{
    /// <summary>Hides user names, passwords and queries (signed URLs carry their secret there) of every URL in the text.</summary>
    public static string Secrets(string text) => Query().Replace(UserInfo().Replace(text, "://***@"), "$1?***");

    /// <summary>One line of printable ASCII, as an HTTP status line holds it, without any URL.</summary>
    public static string Reason(string text)
    {
        var clean = new StringBuilder();
        foreach (var c in Url().Replace(text, "[address]"))
        {
            clean.Append(c is >= ' ' and <= '~' ? c : c is '\r' or '\n' or '\t' ? ' ' : '?');
        }

        return clean.Length <= 300 ? clean.ToString() : clean.ToString(0, 297) + "...";
    }

    /// <summary>A public address after a reason; nothing where it is none that a status line can hold.</summary>
    public static string Link(Uri? link) =>
        link is { Scheme: "https" or "http", UserInfo: "", AbsoluteUri: { Length: <= 200 } text } && text.All(c => c is > ' ' and <= '~') ? $": {text}" : "";

    // Passwords may hold an @ of their own: everything up to the last one before the path.
    [GeneratedRegex(@"://[^/\s""'<>]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"(\w://[^\s?""'<>]*)\?[^\s""'<>]*")]
    private static partial Regex Query();

    [GeneratedRegex(@"\w+://[^\s""'<>]*")]
    private static partial Regex Url();
}
