using System.Text.Json;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Layers;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Images.Tools;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.OtherProject;

/// <summary>
/// Two projects of one user, one hostile. Images and templates are shared between them, so nothing of the hostile one may decide what
/// is in them. The canaries: the bytes that are recorded for a tool, and a listening server that only the hostile project names.
/// </summary>
public sealed class SharedImageAttacks : IDisposable
{
    private const string Tools = "tools: { dotnet: [\"company-tool@1.0.0\"] }\nsdk: none\n";

    private readonly ToolProcess tool = new();
    private readonly TestFolder folder = new();

    public void Dispose()
    {
        tool.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_memory_that_was_written_and_given_its_time_back_is_not_thawed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no time there that nobody sets");
        var place = MachinePaths.CreatePrivate(Path.Combine(MachinePaths.CreatePrivate(folder.Folder("templates")), new string('a', 32)));
        var memory = Path.Combine(place, WarmTemplate.Memory);
        using (var large = File.Create(memory))
        {
            large.SetLength(32 << 20);
        }

        JsonState.Write(Path.Combine(place, TemplateFacts.FileName), new TemplateFacts
        {
            Version = TemplateFacts.CurrentVersion,
            Key = new string('a', 32),
            Image = new string('b', 32),
            Base = "debian/12",
            Sdk = null,
            Machine = "engine",
            User = "me",
            Created = DateTimeOffset.UnixEpoch,
            Files = new Dictionary<string, TemplateFile> { [WarmTemplate.Memory] = TemplateFile.Of(memory)! },
        });
        var store = new TemplateStore(MachinePaths.At(Path.GetDirectoryName(Path.GetDirectoryName(place))!));
        store.Find(new string('a', 32), out _).ShouldNotBeNull();

        var time = File.GetLastWriteTimeUtc(memory);
        using (var open = File.OpenWrite(memory))
        {
            open.Write("evil"u8);
        }

        File.SetLastWriteTimeUtc(memory, time);

        store.Find(new string('a', 32), out var broken).ShouldBeNull();
        broken.ShouldBe("memory is not what was frozen");
    }

    [Theory]
    [InlineData("a folder source")]
    [InlineData("a source on a server")]
    [InlineData("a source under the user's source's name")]
    [InlineData("a fallback folder")]
    [InlineData("a variable in an address")]
    [InlineData("a file above the project")]
    [InlineData("an npmrc and a lock file")]
    public async Task P22_a_tool_is_the_users_whatever_a_project_configures(string how)
    {
        await using var evil = await TestServer.StartAsync(endpoints => endpoints.Map("/{**any}", context => context.Response.WriteAsync("{}")));
        PackageFolder.Add(folder["user-packages"], "company-tool", "1.0.0", content: "the user's");
        var hash = Sha512(folder["user-packages/company-tool.1.0.0.nupkg"]);
        var hostile = folder.Folder("above/hostile");
        var victim = folder.Folder("victim");
        File.WriteAllText(Path.Combine(hostile, "Machinefile"), Tools);
        File.WriteAllText(Path.Combine(victim, "Machinefile"), Tools);
        PackageFolder.Add(Path.Combine(hostile, "pkgs"), "company-tool", "1.0.0", content: "evil");
        PackageFolder.Add(Path.Combine(hostile, "pkgs"), "xunit", "2.999.0", content: "evil");
        var sources = how switch
        {
            "a source on a server" => $"""<clear /><add key="evil" value="{evil.Index}" allowInsecureConnections="true" />""",
            "a source under the user's source's name" => $"""<add key="company" value="{evil.Index}" allowInsecureConnections="true" />""",
            "a variable in an address" => $"""<clear /><add key="evil" value="{evil.Address}%SECRET%/index.json" allowInsecureConnections="true" />""",
            _ => """<clear /><add key="evil" value="./pkgs" />""",
        };
        var more = how == "a fallback folder" ? """<fallbackPackageFolders><add key="x" value="./pkgs" /></fallbackPackageFolders>""" : "";
        File.WriteAllText(Path.Combine(how == "a file above the project" ? folder["above"] : hostile, "nuget.config"), $"<configuration><packageSources>{sources}</packageSources>{more}</configuration>");
        if (how == "an npmrc and a lock file")
        {
            File.WriteAllText(Path.Combine(hostile, ".npmrc"), $"registry={evil.Address}\n");
            File.WriteAllText(Path.Combine(hostile, "packages.lock.json"), """{"version":1,"dependencies":{"net10.0":{"xunit":{"type":"Direct","requested":"[2.999.0, )","resolved":"2.999.0","contentHash":"AA=="}}}}""");
        }

        // Hostile first: what it finds is recorded for both.
        var first = await HashAsync(hostile);
        var second = await HashAsync(victim);

        first.ShouldMatch("^[0-9a-f]{32}$");
        second.ShouldBe(first);
        var record = Directory.EnumerateFiles(Path.Combine(tool.Home, "tools"), "*.json").ShouldHaveSingleItem();
        using var json = JsonDocument.Parse(File.ReadAllText(record));
        json.RootElement.GetProperty("tools").EnumerateArray().Select(item => item.GetProperty("sha512").GetString()).ShouldBe([hash]);
        evil.Paths.ShouldBeEmpty("the server that the project names saw no connection");
    }

    [Fact]
    public async Task Two_configurations_that_give_other_bytes_give_another_image()
    {
        PackageFolder.Add(folder["user-packages"], "company-tool", "1.0.0", content: "one");
        var project = folder.Folder("project");
        File.WriteAllText(Path.Combine(project, "Machinefile"), Tools);
        var before = await HashAsync(project);
        PackageFolder.Add(folder["other-packages"], "company-tool", "1.0.0", content: "two");

        (await HashAsync(project, "other-packages")).ShouldNotBe(before);
        (await HashAsync(project)).ShouldBe(before);
    }

    [Fact]
    public async Task A_name_that_is_known_needs_nobody_to_be_asked()
    {
        PackageFolder.Add(folder["user-packages"], "company-tool", "1.0.0");
        var project = folder.Folder("project");
        File.WriteAllText(Path.Combine(project, "Machinefile"), Tools);
        var before = await HashAsync(project);
        Directory.Delete(folder["user-packages"], recursive: true);

        (await HashAsync(project)).ShouldBe(before);
    }

    [Fact]
    public async Task A_package_that_changes_between_its_naming_and_the_build_is_not_installed()
    {
        PackageFolder.Add(folder["packages"], "company-tool", "1.0.0", content: "evil");
        await using var feed = await FeedUnderTest.StartAsync([("company", folder["packages"])]);
        await using var socket = await SocketOf(feed);
        using var source = new ToolSource(socket.Path);

        var failure = await Should.ThrowAsync<MachineException>(() => LayerBuild.FetchAsync(
            source, new PinnedTool("dotnet", "company-tool", "1.0.0", new string('a', 128)), folder["tool"], TestContext.Current.CancellationToken));

        failure.Message.ShouldContain("is not what it was");
        File.Exists(folder["tool"]).ShouldBeFalse();
    }

    [Fact]
    public void An_image_with_tools_has_no_name_before_its_tools_are_bytes() =>
        Should.Throw<InvalidOperationException>(() => new ImageBuilder(MachinePaths.At(folder["home"]), NSubstitute.Substitute.For<Tool.Engines.IDiskEngine>())
            .HashOf(new ImageRequest
            {
                Base = "debian/12",
                Packages = [],
                NpmTools = [],
                DotnetTools = ["dotnet-ef"],
                Provision = [],
            }));

    // The script that heats a template, as it is, on this host: against a feed that has a newer test framework, and another one of the same version.
    [Fact]
    public async Task P30_what_a_feed_serves_instead_of_a_test_package_is_not_run_while_a_template_is_heated()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the guest's script");
        var canary = folder["canary.txt"];
        foreach (var (id, versions) in new[] { ("xunit", new[] { "2.9.3", "2.999.0" }), ("Microsoft.NET.Test.Sdk", ["17.14.1", "17.999.0"]), ("xunit.runner.visualstudio", ["2.8.2", "2.999.0"]) })
        {
            foreach (var version in versions)
            {
                HostilePackage.Add(folder.Folder("pkgs"), id, version, canary);
            }
        }

        await using var feed = await FeedUnderTest.StartAsync([("company", folder["pkgs"])]);
        File.WriteAllText(folder["nuget.config"], $"<configuration><packageSources><clear/><add key=\"machine\" value=\"{feed.Server.Index}\" protocolVersion=\"3\" allowInsecureConnections=\"true\"/></packageSources><fallbackPackageFolders><clear/></fallbackPackageFolders></configuration>");
        var script = GuestResource.Read("heat.sh");
        script = script[..script.IndexOf("# The servers' working folder", StringComparison.Ordinal)];
        var (code, said) = await HostilePackage.RunAsync(script, new()
        {
            ["HEAT"] = folder["heat"],
            ["TESTS"] = "yes",
            ["LOCK"] = GuestResource.Read("heat.lock.json"),
            ["NUGET_PACKAGES"] = folder["heat/packages"],
            ["RestoreConfigFile"] = folder["nuget.config"],
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
            ["UseSharedCompilation"] = "false",
        });

        code.ShouldBe(0, said);
        File.Exists(canary).ShouldBeFalse(said);
        said.ShouldContain("heating without a test project");
        Directory.Exists(folder["heat/App/bin"]).ShouldBeTrue("the rest is heated");
    }

    [Fact]
    public void Every_package_of_the_heating_has_an_exact_version_and_a_hash()
    {
        using var json = JsonDocument.Parse(GuestResource.Read("heat.lock.json"));
        var packages = json.RootElement.GetProperty("dependencies").GetProperty("FRAMEWORK").EnumerateObject().Where(item => item.Value.GetProperty("type").GetString() != "Project").ToList();
        packages.Count.ShouldBe(15);
        packages.ShouldAllBe(item => Convert.FromBase64String(item.Value.GetProperty("contentHash").GetString()!).Length == 64);
        GuestResource.Read("heat.sh").ShouldNotContain(".*\\\"");
    }

    private async Task<string> HashAsync(string project, string packages = "user-packages")
    {
        var home = folder.Folder("user");
        Directory.CreateDirectory(Path.Combine(home, ".nuget", "NuGet"));
        File.WriteAllText(Path.Combine(home, ".nuget", "NuGet", "NuGet.Config"), $"""<configuration><packageSources><clear /><add key="company" value="{folder[packages]}" /></packageSources></configuration>""");
        var outcome = await Run(project, new Dictionary<string, string> { ["HOME"] = home, ["SECRET"] = "s3cret", ["NUGET_HTTP_CACHE_PATH"] = folder["http-cache"] });
        outcome.ExitCode.ShouldBe(0, outcome.ToString());
        return outcome.Output.Trim();
    }

    private Task<ToolOutcome> Run(string project, Dictionary<string, string> variables) =>
        tool.RunInAsync(project, variables, ["image", "hash"]);

    private async Task<SocketFeed> SocketOf(FeedUnderTest feed)
    {
        var path = folder["feed.socket"];
        var application = Tool.Supervision.ServiceHost.Create(path, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, _ => { });
        var client = feed.Client;
        application.Run(async context =>
        {
            using var answer = await client.GetAsync(new Uri(feed.Server.Address, context.Request.Path.Value!.TrimStart('/')));
            context.Response.StatusCode = (int)answer.StatusCode;
            await answer.Content.CopyToAsync(context.Response.Body);
        });
        await application.StartAsync(TestContext.Current.CancellationToken);
        return new SocketFeed(application, path);
    }

    private static string Sha512(string file) => Convert.ToHexStringLower(System.Security.Cryptography.SHA512.HashData(File.ReadAllBytes(file)));

    private sealed record SocketFeed(WebApplication Application, string Path) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Application.DisposeAsync();
    }
}
