using System.Net;
using System.Text;

namespace Machine.Tool.Packages.Pypi;

/// <summary>
/// Pages as HTML (PEP 503 and 658), which many a company's index and a plain web server write. Links alone are looked at, in one pass and without a tree: the
/// guest gets a page of our own writing, so whatever this reads differently than a browser reaches nobody.
/// </summary>
internal static class PypiHtml
{
    public const string Type = "application/vnd.pypi.simple.v1+html";
    public const string OldType = "text/html";

    private const int MostAttributes = 40;

    /// <param name="page">Where it was read: addresses may be relative to it.</param>
    public static PypiPage Read(ReadOnlySpan<byte> html, string name, Uri page)
    {
        var files = new List<PypiFile>();
        var text = Encoding.UTF8.GetString(html);
        for (var at = 0; (at = text.IndexOf('<', at)) >= 0;)
        {
            if (text.AsSpan(at).StartsWith("<!--", StringComparison.Ordinal))
            {
                at = text.IndexOf("-->", at + 4, StringComparison.Ordinal);
                if (at < 0)
                {
                    break;
                }

                continue;
            }

            var end = at + 1;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                end++;
            }

            var tag = text.AsSpan(at + 1, end - at - 1);
            var (isLink, isBase) = (tag.Equals("a", StringComparison.OrdinalIgnoreCase), tag.Equals("base", StringComparison.OrdinalIgnoreCase));
            at = end;
            if (!isLink && !isBase)
            {
                continue;
            }

            var attributes = Attributes(text, ref at);
            if (isBase && PypiAddress.Of(page, attributes.GetValueOrDefault("href")) is { } other)
            {
                page = other;
            }
            else if (isLink && FileOf(attributes, name, page) is { } file)
            {
                files.Add(file);
            }
        }

        return new PypiPage(name, files);
    }

    /// <param name="address">Where a file is found.</param>
    public static byte[] Write(PypiPage page, Func<PypiFile, string> address)
    {
        var html = new StringBuilder($"<!DOCTYPE html>\n<html><head><meta name=\"pypi:repository-version\" content=\"1.0\"><title>Links for {page.Name}</title></head><body>\n");
        foreach (var file in page.Files)
        {
            html.Append("<a href=\"").Append(WebUtility.HtmlEncode(address(file)));
            if (PypiHash.Text(file.Hashes) is { } hash)
            {
                html.Append('#').Append(hash);
            }

            html.Append('"');
            Attribute(html, "data-requires-python", file.RequiresPython);
            Attribute(html, "data-yanked", file.Yanked);
            if (file.Metadata is { } metadata)
            {
                var said = PypiHash.Text(metadata) ?? "true";
                Attribute(html, "data-core-metadata", said);
                Attribute(html, "data-dist-info-metadata", said);
            }

            html.Append('>').Append(file.Name).Append("</a><br/>\n");
        }

        return Encoding.UTF8.GetBytes(html.Append("</body></html>\n").ToString());
    }

    private static void Attribute(StringBuilder html, string name, string? value)
    {
        if (value is not null)
        {
            html.Append(' ').Append(name).Append("=\"").Append(WebUtility.HtmlEncode(value)).Append('"');
        }
    }

    // Leaves the place behind the tag; at the end of the text where it is never closed.
    private static Dictionary<string, string> Attributes(string text, ref int at)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            while (at < text.Length && (char.IsWhiteSpace(text[at]) || text[at] == '/'))
            {
                at++;
            }

            if (at >= text.Length || text[at] == '>')
            {
                return found;
            }

            var name = Word(text, ref at, "=>/");
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            var value = "";
            if (at < text.Length && text[at] == '=')
            {
                at++;
                value = Value(text, ref at);
            }
            else if (name.Length == 0)
            {
                at++;
            }

            if (found.Count < MostAttributes)
            {
                // As HTML has it: the first of two counts.
                found.TryAdd(name, value);
            }
        }
    }

    private static string Value(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        if (at >= text.Length || text[at] is not ('"' or '\''))
        {
            return WebUtility.HtmlDecode(Word(text, ref at, ">"));
        }

        var end = text.IndexOf(text[at], at + 1);
        var value = end < 0 ? "" : text[(at + 1)..end];
        at = end < 0 ? text.Length : end + 1;
        return WebUtility.HtmlDecode(value);
    }

    private static string Word(string text, ref int at, string ends)
    {
        var begin = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && !ends.Contains(text[at], StringComparison.Ordinal))
        {
            at++;
        }

        return text[begin..at];
    }

    private static PypiFile? FileOf(Dictionary<string, string> attributes, string name, Uri page)
    {
        if (attributes.GetValueOrDefault("href") is not { } written || PypiAddress.Of(page, written) is not { } address)
        {
            return null;
        }

        var file = Uri.UnescapeDataString(address.AbsolutePath[(address.AbsolutePath.LastIndexOf('/') + 1)..]);
        if (PypiName.VersionOf(file, name) is not { } version)
        {
            return null;
        }

        var hash = written.IndexOf('#', StringComparison.Ordinal);
        return PypiFile.OrNone(new PypiFile
        {
            Name = file,
            Version = version,
            Address = address,
            Hashes = PypiHash.Parse(hash < 0 ? "" : written[(hash + 1)..]),
            Metadata = (attributes.GetValueOrDefault("data-core-metadata") ?? attributes.GetValueOrDefault("data-dist-info-metadata")) is { } said ? PypiHash.Parse(said) : null,
            RequiresPython = attributes.GetValueOrDefault("data-requires-python"),
            Yanked = attributes.GetValueOrDefault("data-yanked"),
        });
    }
}
