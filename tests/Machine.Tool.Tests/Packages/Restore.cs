using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Packages;

/// <summary>A real <c>dotnet restore</c> of a real project that knows one feed and no cache of this host.</summary>
internal static partial class Restore
{
    public static async Task<(int ExitCode, string Output, string Packages)> RunAsync(Uri feed, string references, string properties = "")
    {
        using var folder = new TestFolder();
        FeedUnderTest.Configure(folder.Path, [("machine", feed.ToString())]);
        await File.WriteAllTextAsync(folder["Directory.Build.props"], "<Project />", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["p.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework>{properties}</PropertyGroup>
              <ItemGroup>{references}</ItemGroup>
            </Project>
            """, TestContext.Current.CancellationToken);
        var result = await HostProgram.TryRunAsync(
            "dotnet",
            ["restore", folder["p.csproj"], "--configfile", folder["nuget.config"], "-nodeReuse:false"],
            TestContext.Current.CancellationToken,
            folder: folder.Path,
            variables: new Dictionary<string, string?>
            {
                ["NUGET_PACKAGES"] = folder["packages"],
                ["NUGET_HTTP_CACHE_PATH"] = folder["http"],
                ["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "2",
            });
        var assets = folder["obj/project.assets.json"];
        var restored = File.Exists(assets) ? string.Join(' ', Library().Matches(await File.ReadAllTextAsync(assets, TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value).Distinct()) : "";
        return (result.ExitCode, result.Output + result.Error, restored);
    }

    [GeneratedRegex("""^    "([^"/]+/[^"]+)": \{""", RegexOptions.Multiline)]
    private static partial Regex Library();
}
