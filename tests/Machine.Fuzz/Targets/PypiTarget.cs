using System.Text;
using System.Text.Json;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Pypi;

namespace Machine.Fuzz.Targets;

/// <summary>An index wrote the page of a package, in HTML or JSON; the guest gets one of our writing.</summary>
internal static class PypiTarget
{
    // Of a page without files: doctype, html, head, meta, title twice, head, body, body, html.
    private const int PageTags = 10;

    private static readonly Uri Place = new("https://index.example/simple/a/");

    public static FuzzTarget Target { get; } = new(
        "pypi", Run,
        "{\"meta\":{\"api-version\":\"1.1\"},\"files\":[{\"filename\":\"a-1.0.tar.gz\",\"url\":\"../../f/a-1.0.tar.gz\",\"hashes\":{\"sha256\":\"aa\"}}]}",
        "<a href=\"a-1.0.tar.gz#sha256=00\" data-yanked>", "<base href='//h/'>", "<!--", "-->", "<a ", " href=", "\"", "'", ">", "data-core-metadata=true", "&#34;", "&gt;", "\"upload-time\":", "\"core-metadata\":true", "\"yanked\":",
        "a-1.0-py3-none-any.whl", "../", "file:///etc/passwd", "http://u:p@h/a-2.tar.gz", "null", "1e999", "[", "]", "{", "}", ",", ":", "\"\\ud800\"", "\"\\u0000\"");

    private static void Run(byte[] input)
    {
        try
        {
            var page = Array.Find(input, b => b > ' ') == '{' ? PypiJson.Read(input, "a", Place) : PypiHtml.Read(input, "a", Place);
            Promise.Holds(page.Files.All(file => file.Address is { Scheme: "http" or "https", UserInfo: "", Fragment: "" }), "a file is read from elsewhere");
            Promise.Holds(page.Files.All(file => PypiName.VersionOf(file.Name, "a") == file.Version && !file.Name.Contains('/', StringComparison.Ordinal)), "a file's name is a path");

            using var json = JsonDocument.Parse(PypiJson.Write(page, Ours));
            Promise.Holds(json.RootElement.GetProperty("files").EnumerateArray().All(file => file.GetProperty("url").GetString()!.StartsWith("../../files/a/a-", StringComparison.OrdinalIgnoreCase)), "the guest is sent elsewhere");
            var html = Encoding.UTF8.GetString(PypiHtml.Write(page, Ours));
            Promise.Holds(html.Split('<').Length - 1 == PageTags + (3 * page.Files.Count), "what an index says became markup");
            var kept = PypiJson.Read(PypiJson.Write(page), "a", Place);
            Promise.Holds(kept.Files.Select(file => (file.Name, file.Address, file.Yanked)).SequenceEqual(page.Files.Select(file => (file.Name, file.Address, file.Yanked))), "what is kept is another page");
        }
        catch (FeedException)
        {
            // As documented.
        }
    }

    private static string Ours(PypiFile file) => $"../../files/a/{Uri.EscapeDataString(file.Name)}";
}
