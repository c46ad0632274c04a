using System.Text.Json;
using Machine.Tool.Packages;

namespace Machine.Fuzz.Targets;

/// <summary>A registry wrote the document of a package; the guest gets it with our addresses.</summary>
internal static class NpmTarget
{
    private const string Ours = "http://127.0.0.1:1";

    public static FuzzTarget Target { get; } = new(
        "npm", Run,
        "{\"name\":\"a\",\"versions\":{\"1.0.0\":{\"dist\":{\"tarball\":\"http://h/a/-/a-1.0.0.tgz\",\"integrity\":\"sha512-x\"}}}}", "\"versions\":{", "\"dist\":{", "\"tarball\":", "\"integrity\":", "\"http://h/x\"", "\"file:///etc/passwd\"", "null", "1e999", "[", "]", "{", "}", ",", ":", "\"\\ud800\"", "\"\\u0000\"", "\"__proto__\":", "\"1.0.0\":");

    private static void Run(byte[] input)
    {
        try
        {
            var document = NpmDocument.Rewrite(input, "a", Ours);
            using var json = JsonDocument.Parse(document.Json);
            foreach (var versions in json.RootElement.EnumerateObject().Where(property => property.NameEquals("versions")))
            {
                foreach (var dist in versions.Value.EnumerateObject().SelectMany(version => version.Value.EnumerateObject()).Where(property => property.NameEquals("dist")))
                {
                    var tarballs = dist.Value.EnumerateObject().Where(property => property.NameEquals("tarball")).ToList();
                    Promise.Holds(tarballs.Count == 1 && tarballs[0].Value.GetString()!.StartsWith(Ours + "/npm/a/-/", StringComparison.Ordinal), "the guest is sent elsewhere");
                }
            }

            Promise.Holds(document.Tarballs.Values.All(tarball => tarball.Address.Scheme is "http" or "https"), "a file is read from elsewhere");
        }
        catch (FeedException)
        {
            // As documented.
        }
    }
}
