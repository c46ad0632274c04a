using System.Net;
using System.Text.Json.Nodes;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Tests.Packages;

/// <summary>The rules of <c>restore</c> at the feed, with sources on loopback and NuGet's own client.</summary>
public sealed class PackageRulesInForce : IDisposable
{
    private static readonly TimeSpan Today = TimeSpan.FromHours(5.5);
    private readonly TestFolder packages = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => packages.Dispose();

    [Fact]
    public async Task A_version_of_today_does_not_exist_and_the_one_before_restores()
    {
        Age("Company.App", ("1.0.0", 30), ("1.1.0", 10));
        PackageFolder.AddAged(packages.Path, "Company.App", "1.2.0", Today);
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d"));

        var floating = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Company.App" Version="1.*" />""");
        var pinned = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Company.App" Version="[1.2.0]" />""");

        floating.ExitCode.ShouldBe(0, floating.Output);
        floating.Packages.ShouldBe("Company.App/1.1.0");
        pinned.ExitCode.ShouldNotBe(0);
        pinned.Output.ShouldContain("NU1102");
        pinned.Output.ShouldContain("Nearest version: 1.1.0");
        feed.Refused.ShouldBe(["company.app 1.2.0: cooldown 3d of the Machinefile: company.app 1.2.0 was published 5 hours ago; 1.1.0 is the newest version that passes"]);
        feed.Kept.Count().ShouldBe(1, "what is refused is not fetched");
    }

    [Fact]
    public async Task It_is_in_no_list_no_registration_and_no_download_and_the_error_names_what_passes()
    {
        Age("Company.App", ("1.0.0", 30));
        PackageFolder.AddAged(packages.Path, "Company.App", "2.0.0", Today);
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d"));

        (await feed.VersionsAsync("company.app")).ShouldBe(["1.0.0"]);
        (await feed.GetTextAsync("registration/company.app/index.json")).ShouldNotContain("2.0.0");
        (await feed.GetAsync("registration/company.app/2.0.0.json")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await feed.GetAsync("flat/company.app/2.0.0/company.app.nuspec")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        var download = await feed.GetAsync(FeedUnderTest.Package("company.app", "2.0.0"));
        download.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        download.ReasonPhrase.ShouldBe("cooldown 3d of the Machinefile: company.app 2.0.0 was published 5 hours ago; 1.0.0 is the newest version that passes");
        (await feed.DownloadAsync("company.app", "1.0.0")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_vulnerable_version_is_refused_in_NuGets_own_error_with_the_advisorys_address()
    {
        Age("Leaky", ("1.0.0", 30), ("2.0.0", 30));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var advisories = await AdvisoryServer.StartAsync("""{"leaky":[{"url":"https://advisories.example/1","severity":2,"versions":"(, 2.0.0)"}],"mild":[{"url":"https://advisories.example/2","severity":1,"versions":"(, )"}]}""");
        Age("Mild", ("1.0.0", 30));
        await using var feed = await FeedUnderTest.StartAsync(
            [("registry", registry.Server.Index.ToString()), ("advisories", new Uri(advisories.Address, "index.json").ToString())], rules: new RestoreSettings(Vulnerabilities: "high"));

        var leaky = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Leaky" Version="1.0.0" />""");
        var mended = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Leaky" Version="2.0.0" /><PackageReference Include="Mild" Version="1.0.0" />""");

        leaky.ExitCode.ShouldNotBe(0);
        leaky.Output.ShouldContain("403 (vulnerabilities high of the Machinefile: leaky 1.0.0 has a known advisory (high); 2.0.0 is the newest version that passes: https://advisories.example/1)");
        mended.ExitCode.ShouldBe(0, mended.Output);
        feed.Refused.ShouldHaveSingleItem().ShouldEndWith("https://advisories.example/1");
        feed.Kept.Count().ShouldBe(2);
    }

    [Fact]
    public async Task Where_nobody_publishes_advisories_the_rule_lets_nothing_in_and_says_what_to_do()
    {
        Age("Any", ("1.0.0", 30));
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)], rules: new RestoreSettings(Vulnerabilities: "critical"));

        var answer = await feed.GetAsync(FeedUnderTest.Package("any", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        answer.ReasonPhrase!.ShouldContain("no source of the host publishes advisories, so nothing can be judged; add one to auditSources of your nuget.config");
    }

    [Fact]
    public async Task Deny_beats_allow_and_an_allow_means_nothing_else()
    {
        Age("Company.App", ("1.0.0", 30));
        Age("Company.Evil", ("1.0.0", 30));
        Age("Other", ("1.0.0", 30));
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)], rules: new RestoreSettings(Allow: ["Company.*"], Deny: ["Company.Evil"]));

        var restore = await Restore.RunAsync(feed.Server.Index, """<PackageReference Include="Company.Evil" Version="1.0.0" /><PackageReference Include="Other" Version="1.0.0" />""");

        restore.ExitCode.ShouldNotBe(0);
        restore.Output.ShouldContain("403 (company.evil is refused by deny Company.Evil of the Machinefile; no version of it passes)");
        restore.Output.ShouldContain("403 (other is refused by allow Company.* of the Machinefile; no version of it passes)");
        (await feed.DownloadAsync("company.app", "1.0.0")).ShouldNotBeEmpty();
        JsonNode.Parse(await feed.GetTextAsync("search?q=&take=10"))!["data"]!.AsArray().Select(one => one!["id"]!.GetValue<string>()).ShouldBe(["Company.App"]);
    }

    [Fact]
    public async Task A_users_own_rules_hold_beside_and_the_stricter_wins()
    {
        Age("Company.App", ("1.0.0", 30), ("2.0.0", 5));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d"));
        (await feed.VersionsAsync("company.app")).ShouldBe(["1.0.0", "2.0.0"]);

        await File.WriteAllTextAsync(feed.Folder["restore.json"], """{ "cooldown": "7d" }""", Cancel);
        (await feed.VersionsAsync("company.app")).ShouldBe(["1.0.0"]);
        (await feed.GetAsync(FeedUnderTest.Package("company.app", "2.0.0"))).ReasonPhrase!.ShouldStartWith("cooldown 7d of your own restore.json: company.app 2.0.0 was published 5 days ago");

        await File.WriteAllTextAsync(feed.Folder["restore.json"], "{ \"cooldwn\": \"7d\" }  ", Cancel);
        (await feed.GetAsync("flat/company.app/index.json")).ReasonPhrase.ShouldBe("your own restore.json can't be read, so no package may enter");
    }

    [Fact]
    public async Task A_running_machine_obeys_at_once()
    {
        Age("Company.App", ("1.0.0", 30), ("2.0.0", 1));
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        (await feed.DownloadAsync("company.app", "2.0.0")).ShouldNotBeEmpty();

        feed.Rules.Use(new RestoreSettings(Cooldown: "3d"));

        (await feed.VersionsAsync("company.app")).ShouldBe(["1.0.0"]);
        (await feed.GetAsync(FeedUnderTest.Package("company.app", "2.0.0"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden, "though it is kept");
    }

    [Fact]
    public async Task What_a_lock_file_names_is_not_fetched_where_it_is_refused()
    {
        Age("Old", ("1.0.0", 30));
        Age("Young", ("1.0.0", 1));
        Age("Denied", ("1.0.0", 30));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d", Deny: ["Denied"]));

        await feed.FetchAsync([("Old", "1.0.0"), ("Young", "1.0.0"), ("Denied", "1.0.0")]);

        feed.Kept.Count().ShouldBe(1);
        registry.Server.Paths.Where(path => path.EndsWith(".nupkg", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain("old");
    }

    [Fact]
    public async Task What_passed_once_restores_again_when_its_source_is_gone()
    {
        Age("Company.App", ("1.0.0", 30));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        using var store = new TestFolder();
        await using (var before = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], store: store.Path, rules: new RestoreSettings(Cooldown: "3d")))
        {
            await before.DownloadAsync("company.app", "1.0.0");
        }

        registry.Server.Up = false;
        await using var again = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], store: store.Path, rules: new RestoreSettings(Cooldown: "3d"));
        await Task.Delay(1100, Cancel);

        (await again.VersionsAsync("company.app")).ShouldBe(["1.0.0"]);
        (await again.DownloadAsync("company.app", "1.0.0")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Without_a_date_a_lock_file_speaks_for_a_version()
    {
        var original = PackageFolder.AddAged(packages.Path, "Dateless", "1.0.0", TimeSpan.FromDays(30));
        await using var source = await FlatServer.StartAsync("dateless", "1.0.0", original);
        await using var feed = await FeedUnderTest.StartAsync([("flat", source.Address + "index.json")], rules: new RestoreSettings(Cooldown: "3d"));
        using var project = new TestFolder();
        feed.UseLocked(project.Path);

        var before = await feed.GetAsync(FeedUnderTest.Package("dateless", "1.0.0"));
        await File.WriteAllTextAsync(project["packages.lock.json"], """{ "version": 1, "dependencies": { "net10.0": { "DateLess": { "type": "Direct", "resolved": "1.0.0.0" } } } }""", Cancel);
        feed.UseLocked(project.Path);

        before.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        before.ReasonPhrase!.ShouldContain("dateless 1.0.0 has no date of publication, and no lock file of the project names it");
        (await feed.DownloadAsync("dateless", "1.0.0")).ShouldBe(original);
        (await feed.VersionsAsync("dateless")).ShouldBe(["1.0.0"]);
    }

    [Fact]
    public async Task NuGets_own_age_of_a_source_holds_but_for_its_exceptions()
    {
        Age("Company.App", ("1.0.0", 30), ("2.0.0", 1));
        Age("Spared.Lib", ("1.0.0", 30), ("2.0.0", 1));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], """<minPublishAgeExceptions><package pattern="Spared.*" /></minPublishAgeExceptions>""");
        await File.WriteAllTextAsync(
            feed.UserFile, (await File.ReadAllTextAsync(feed.UserFile, Cancel)).Replace("allowInsecureConnections", "minPublishAgeHours=\"72\" allowInsecureConnections", StringComparison.Ordinal), Cancel);

        (await feed.VersionsAsync("company.app")).ShouldBe(["1.0.0"]);
        (await feed.GetAsync(FeedUnderTest.Package("company.app", "2.0.0"))).ReasonPhrase!.ShouldStartWith("minPublishAgeHours 72 of source 'company': company.app 2.0.0 was published");
        (await feed.VersionsAsync("spared.lib")).ShouldBe(["1.0.0", "2.0.0"]);
    }

    [Fact]
    public async Task The_date_counts_of_the_source_that_gives_the_version()
    {
        PackageFolder.AddAged(packages.Folder("first"), "Twin", "1.0.0", Today);
        PackageFolder.AddAged(packages.Folder("second"), "Twin", "1.0.0", TimeSpan.FromDays(30));
        await using var first = await FeedUnderTest.StartAsync([("folder", packages["first"])]);
        await using var second = await FeedUnderTest.StartAsync([("folder", packages["second"])]);
        await using var feed = await FeedUnderTest.StartAsync([("first", first.Server.Index.ToString()), ("second", second.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d"));

        (await feed.GetAsync(FeedUnderTest.Package("twin", "1.0.0"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await feed.GetAsync("flat/twin/index.json")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await feed.GetAsync("registration/twin/index.json")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private void Age(string id, params (string Version, int Days)[] versions)
    {
        foreach (var (version, days) in versions)
        {
            PackageFolder.AddAged(packages.Path, id, version, TimeSpan.FromDays(days));
        }
    }
}
