using System.Text.Json.Nodes;
using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class RestoreThroughTheFeed
{
    private const string Credentials = """
        <packageSourceCredentials><company>
          <add key="Username" value="reader" /><add key="ClearTextPassword" value="s3cret-pass" />
        </company></packageSourceCredentials>
        """;

    [Fact]
    public async Task A_project_restores_through_a_feed_with_a_password_and_again_when_that_is_gone()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Company.App", "1.2.3", "Company.Base [2.0.0-rc.1,)");
        PackageFolder.Add(packages.Path, "Company.Base", "2.0.0-rc.1+build.5");
        PackageFolder.Add(packages.Path, "Company.Base", "3.0.0");
        await using var company = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        company.Server.Authorization = "Basic " + Convert.ToBase64String("reader:s3cret-pass"u8);
        await using var feed = await FeedUnderTest.StartAsync([("company", company.Server.Index.ToString())], Credentials);
        const string Reference = """<PackageReference Include="company.app" Version="1.2.3" />""";

        var first = await Restore.RunAsync(feed.Server.Index, Reference);

        first.ExitCode.ShouldBe(0, first.Output);
        first.Packages.ShouldBe("Company.App/1.2.3 Company.Base/2.0.0-rc.1", "NuGet takes the lowest version that fits");
        feed.Kept.Count().ShouldBe(2);
        feed.Kept.ShouldAllBe(file => OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == UnixFileMode.UserRead);
        PackageLog.Read(feed.Folder["packages.log"]).Select(entry => $"{entry.Kind} {entry.Id} {entry.Version} {entry.Source} {entry.Signature}").Order()
            .ShouldBe(["nuget Company.App 1.2.3 company unsigned", "nuget Company.Base 2.0.0-rc.1 company unsigned"]);

        company.Server.Up = false;
        // Younger answers of a source are taken for new.
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        var second = await Restore.RunAsync(feed.Server.Index, Reference);

        second.ExitCode.ShouldBe(0, second.Output);
        second.Packages.ShouldBe(first.Packages);
        feed.Log.Text.ShouldContain("of company.app the 1 kept versions are offered");
        (feed.Log.Text + feed.Entered + second.Output).ShouldNotContain("s3cret-pass");
    }

    [Fact]
    public async Task What_stops_a_restore_is_in_NuGets_own_error()
    {
        using var packages = new TestFolder();
        await using var gone = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        gone.Server.Up = false;
        const string Mapping = """
            <packageSourceMapping>
              <packageSource key="folder"><package pattern="Known" /></packageSource>
              <packageSource key="gone"><package pattern="Away.*" /></packageSource>
            </packageSourceMapping>
            """;
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path), ("gone", gone.Server.Index.ToString())], Mapping);

        var restore = await Restore.RunAsync(feed.Server.Index, """
            <PackageReference Include="Other" Version="1.0.0" />
            <PackageReference Include="Away.Lib" Version="1.0.0" />
            """);

        restore.ExitCode.ShouldNotBe(0);
        restore.Output.ShouldContain("403 (packageSourceMapping of the host's nuget.config maps no enabled source to other)");
        restore.Output.ShouldContain("502 (source 'gone' cannot be reached");
    }

    [Fact]
    public async Task NuGet_audits_with_the_advisories_of_the_hosts_sources()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Leaky", "1.0.0");
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var advisories = await AdvisoryServer.StartAsync("""{"leaky":[{"url":"https://advisories.example/1","severity":2,"versions":"(, 2.0.0)"}]}""");
        await using var feed = await FeedUnderTest.StartAsync(
            [("registry", registry.Server.Index.ToString()), ("advisories", new Uri(advisories.Address, "index.json").ToString())]);

        var restore = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Leaky" Version="1.0.0" />""");

        restore.ExitCode.ShouldBe(0, restore.Output);
        restore.Output.ShouldContain("NU1903");
        restore.Output.ShouldContain("https://advisories.example/1");
    }

    [Fact]
    public async Task A_feed_whose_sources_publish_no_advisories_offers_none()
    {
        using var packages = new TestFolder();
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);

        var index = JsonNode.Parse(await feed.GetTextAsync("index.json"))!;

        var types = index["resources"]!.AsArray().Select(resource => resource!["@type"]!.GetValue<string>()).ToList();
        types.ShouldContain("PackageBaseAddress/3.0.0");
        types.ShouldNotContain("VulnerabilityInfo/6.7.0");
        (await feed.GetAsync("vulnerabilities/index.json")).StatusCode.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }
}
