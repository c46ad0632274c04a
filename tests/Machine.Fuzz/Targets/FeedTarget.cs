using Machine.Tool.Packages;
using Microsoft.AspNetCore.Http;
using NuGet.Versioning;

namespace Machine.Fuzz.Targets;

/// <summary>The guest asks the feeds. The first byte says which reader gets the rest: all that stands between a request and this host.</summary>
internal static class FeedTarget
{
    private static readonly string[] Archives = ["http://archive.invalid/debian", "https://u:p@archive.invalid/security/"];

    public static FuzzTarget Target { get; } = new(
        "feed", Run,
        "0", "1", "2", "3", "4", "5", "xunit.core", "1.2.3-beta.1+meta", "1.0.0.0", "..", "../", "%2e%2e", "%2f", "%2F", "@scope/name", "@scope%2fname", "/-/", "name/-/name-1.0.0.tgz", ".tgz", "npm/",
        "0/dists/stable/Release", "0/pool/main/a/a_1:2.deb", "localhost", "127.0.0.1", "[::1]", "127.1", "0x7f.1", "localhost.", "localhost:80@", "@evil", "\\", ":80", "://", "//host/:_authToken=t\n", "registry=http://h/\n", "${PATH}", "\n");

    private static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var text = System.Text.Encoding.UTF8.GetString(input.AsSpan(1));
        try
        {
            Action<string> read = (input[0] - '0') switch { 0 => Id, 1 => Version, 2 => Npm, 3 => Apt, 4 => Host, _ => Settings };
            read(text);
        }
        catch (FeedException e)
        {
            Promise.IsPlain(e.Message, "the refusal");
        }
    }

    private static void Id(string text)
    {
        var id = PackageName.ParseId(text);
        Promise.Holds(id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && !id.Contains("..", StringComparison.Ordinal) && id[0] != '.', "an id is a path: " + id);
        Promise.Holds(id == id.ToLowerInvariant() && PackageName.ParseId(id) == id, "an id reads differently the second time: " + id);
    }

    private static void Version(string text)
    {
        var version = PackageName.ParseVersion(text).Text();
        Promise.Holds(version.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') && !version.StartsWith('.'), "a version is no file name: " + version);
        Promise.Holds(NuGetVersion.Parse(version).Text() == version && NuGetVersion.Parse(version) == PackageName.ParseVersion(text), "a version reads differently the second time: " + version);
    }

    private static void Npm(string text)
    {
        var request = NpmRequest.Parse(text);
        var address = new Uri("http://registry.invalid/base/" + request.Name.Replace("/", "%2f", StringComparison.Ordinal));
        Promise.Holds(address.Host == "registry.invalid" && address.AbsolutePath.StartsWith("/base/", StringComparison.Ordinal) && address.Query.Length + address.Fragment.Length == 0, "a name leaves the registry: " + request.Name);
        Promise.Holds(address.AbsolutePath.Count(c => c == '/') == 2 && address.AbsolutePath.Length > 6, "a name is another path: " + request.Name);
        if (request.Version is { } version)
        {
            Promise.Holds(NpmRequest.Parse(NpmRequest.TarballPath(request.Name, version)) == request, $"our own address reads differently: {request.Name} {version}");
        }
    }

    private static void Apt(string text)
    {
        if (AptArchive.Target(Archives, text) is { } target)
        {
            Promise.Holds(target.Host == "archive.invalid" && target.IsDefaultPort, "it reaches another host: " + target);
            Promise.Holds(target.AbsolutePath.StartsWith("/debian/", StringComparison.Ordinal) || target.AbsolutePath.StartsWith("/security/", StringComparison.Ordinal), "it leaves the archive: " + target);
            Promise.Holds(target.Query.Length + target.Fragment.Length == 0, "it asks something: " + target);
        }
    }

    private static void Host(string text)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Host = text;
        var address = FeedAddress.Of(context.Request, null);
        Promise.Holds(Uri.TryCreate(address + "/nuget/v3/index.json", UriKind.Absolute, out var uri) && uri.IsLoopback && uri.AbsolutePath == "/nuget/v3/index.json" && uri.UserInfo.Length == 0, "the guest's next request goes elsewhere: " + address);
    }

    private static void Settings(string text)
    {
        var settings = new Npmrc().AddText(text);
        var address = new Uri("https://registry.invalid/a/b/name");
        if (settings.AuthorizationFor(address) is not null)
        {
            Promise.Holds(text.Contains("registry.invalid", StringComparison.OrdinalIgnoreCase) || text.Contains("${", StringComparison.Ordinal), "a host gets another's token");
        }

        _ = settings.ScopeRegistry("@a/b");
    }
}
