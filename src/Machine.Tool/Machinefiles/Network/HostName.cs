using System.Buffers;
using System.Globalization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Network;

/// <summary>
/// A server's name as the whole internet knows it, parsed once: lower-case ASCII (IDNA), two labels at least, no address in any spelling. Policy, resolver,
/// TLS and log use this value and never the text it came from. Source: RFC 1123 §2.1, RFC 5890; what is no number is judged as WHATWG's URL standard does.
/// </summary>
internal sealed record HostName
{
    private const int MostCharacters = 253;
    private const int MostOfLabel = 63;

    private static readonly IdnMapping Idna = new() { UseStd3AsciiRules = true };

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    // Answered by programs of one network, or by nobody: no name of the internet ends so (RFC 6761, 6762, 7686, ICANN's reservation of .internal).
    private static readonly string[] Private = ["local", "internal", "localhost", "invalid", "onion", "alt"];

    private HostName(string text) => Text = text;

    public string Text { get; }

    public override string ToString() => Text;

    /// <param name="flaw">Why it is no name; null where it is one.</param>
    public static HostName? TryParse(string text, out string? flaw)
    {
        var (name, why) = Parse(text);
        flaw = why;
        return name;
    }

    /// <summary>As it comes in a protocol, where names are ASCII and whoever reads other bytes reads them in a way of its own.</summary>
    public static HostName? OfWire(string text) => text.All(char.IsAscii) ? TryParse(text, out _) : null;

    /// <summary>This name lies below the other one, at any depth.</summary>
    public bool IsBelow(HostName other) => Text.Length > other.Text.Length && Text.EndsWith("." + other.Text, StringComparison.Ordinal);

    private static (HostName? Name, string? Flaw) Parse(string text)
    {
        if (text.Length is 0 or > MostCharacters)
        {
            return (null, text.Length == 0 ? "is empty" : $"is longer than {MostCharacters} characters");
        }

        if (ToAscii(text) is not { } ascii)
        {
            return (null, "is no name of a server (other letters than a to z are written small and composed, or as xn--…)");
        }

        if (ascii.Length > MostCharacters)
        {
            return (null, $"is longer than {MostCharacters} characters");
        }

        var labels = ascii.Split('.');
        if (Array.Find(labels, label => !IsLabel(label)) is { } wrong)
        {
            return (null, wrong.Length == 0 ? "has an empty label" : $"has the label {Printable.Quote(wrong)}, which is none of a server's name");
        }

        return labels.Length < 2 ? (null, "has one label alone")
            : IsNumber(labels[^1]) ? (null, "is an address, not a name")
            : Private.Contains(labels[^1], StringComparer.Ordinal) ? (null, $"ends with .{labels[^1]}, which is no part of the internet")
            : (new HostName(ascii), null);
    }

    private static string? ToAscii(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text.ToLowerInvariant();
        }

        // Written in one way: not every runtime folds and composes, and a rule that denies must be for the name that is meant.
        if (text.Any(c => char.IsUpper(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark))
        {
            return null;
        }

        try
        {
            return Idna.GetAscii(text).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MostOfLabel && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    // 10.0.0.1, 0x7f.1 and 017.1 are addresses to many a program.
    private static bool IsNumber(string last) =>
        last.All(char.IsAsciiDigit) || (last.StartsWith("0x", StringComparison.Ordinal) && !last.AsSpan(2).ContainsAnyExcept(HexDigits));
}
