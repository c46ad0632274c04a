using System.Net;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>Root of the guest wants a package that the rules keep out. The canary is the package itself, and that the source is never asked for it.</summary>
public sealed class PackageRuleAttacks : IAsyncDisposable
{
    private readonly TestFolder packages = new();
    private readonly byte[] young;
    private FeedUnderTest? registry;
    private FeedUnderTest? feed;

    public PackageRuleAttacks()
    {
        PackageFolder.AddAged(packages.Path, "Company.App", "1.0.0", TimeSpan.FromDays(30));
        young = PackageFolder.AddAged(packages.Path, "Company.App", "2.0.0-rc.1", TimeSpan.FromHours(1));
        PackageFolder.AddAged(packages.Path, "Company.App", "3.0.0", TimeSpan.FromHours(1));
        PackageFolder.AddAged(packages.Path, "Evil.Thing", "1.0.0", TimeSpan.FromDays(30));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await (feed?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (registry?.DisposeAsync() ?? ValueTask.CompletedTask);
        packages.Dispose();
    }

    [Theory]
    [InlineData("flat/company.app/3.0.0/company.app.3.0.0.nupkg")]
    [InlineData("flat/COMPANY.App/3.0.0/Company.APP.3.0.0.nupkg")]
    [InlineData("flat/company.app/3.0/company.app.3.0.0.nupkg")]
    [InlineData("flat/company.app/3/company.app.3.0.0.nupkg")]
    [InlineData("flat/company.app/3.0.0.0/company.app.3.0.0.nupkg")]
    [InlineData("flat/company.app/03.00.00/company.app.3.0.0.nupkg")]
    [InlineData("flat/company.app/3.0.0+anything/company.app.3.0.0.nupkg")]
    [InlineData("flat/company.app/2.0.0-RC.1/company.app.2.0.0-rc.1.nupkg")]
    [InlineData("flat/company.app/2.0.0-rc.1+x/company.app.2.0.0-rc.1.nupkg")]
    [InlineData("flat/company.app/3.0.0/company.app.nuspec")]
    [InlineData("flat//company.app/3.0.0/company.app.3.0.0.nupkg")]
    [InlineData("flat/company%2eapp/3.0.0/company.app.3.0.0.nupkg")]
    [InlineData("flat/evil.thing/1.0.0/evil.thing.1.0.0.nupkg")]
    [InlineData("flat/EVIL.Thing/1.0.0.0/evil.thing.1.0.0.nupkg")]
    [InlineData("flat/evil.thing/index.json")]
    [InlineData("registration/Evil.Thing/index.json")]
    [InlineData("registration/evil.thing/1.0.0.json")]
    [InlineData("registration/company.app/3.0.0.0.json")]
    public async Task No_spelling_of_a_name_or_a_version_gets_past_a_rule(string path)
    {
        await StartAsync();

        var answer = await feed!.GetAsync(path);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
        NothingCame();
    }

    [Fact]
    public async Task A_version_that_another_project_had_fetched_is_no_older_for_it()
    {
        using var store = new TestFolder();
        await StartAsync(store.Path);
        await using (var other = await FeedUnderTest.StartAsync([("company", registry!.Server.Index.ToString())], store: store.Path))
        {
            (await other.DownloadAsync("company.app", "2.0.0-rc.1")).ShouldBe(young);
        }

        (await feed!.GetAsync(FeedUnderTest.Package("company.app", "2.0.0-rc.1"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        // It can't make the source unreachable; were it so, what is kept without a date would still be young.
        registry!.Server.Up = false;
        await Task.Delay(1100, Cancel);
        await using var alone = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], store: store.Path, rules: new RestoreSettings(Cooldown: "3d"));
        (await alone.GetAsync(FeedUnderTest.Package("company.app", "2.0.0-rc.1"))).IsSuccessStatusCode.ShouldBeFalse();
        (await alone.GetAsync("flat/company.app/index.json")).IsSuccessStatusCode.ShouldBeFalse();
    }

    [Fact]
    public async Task A_date_in_the_future_is_a_young_one()
    {
        PackageFolder.AddAged(packages.Path, "Company.Later", "1.0.0", TimeSpan.FromDays(-400));
        await StartAsync();

        var answer = await feed!.GetAsync(FeedUnderTest.Package("company.later", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        answer.ReasonPhrase!.ShouldContain("company.later 1.0.0 was published in the future; no version of it passes");
    }

    [Fact]
    public async Task A_date_of_before_there_were_packages_is_none()
    {
        // A registry gives a version that it unlists a date like this.
        PackageFolder.AddAged(packages.Path, "Company.Unlisted", "1.0.0", DateTime.UtcNow - new DateTime(1990, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await StartAsync();

        var answer = await feed!.GetAsync(FeedUnderTest.Package("company.unlisted", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        answer.ReasonPhrase!.ShouldContain("has no date of publication");
    }

    [Fact]
    public async Task Names_that_it_makes_up_fill_no_log()
    {
        await StartAsync();

        for (var i = 0; i < 700; i++)
        {
            await feed!.GetAsync($"flat/evil.made{i}/index.json");
            await feed.GetAsync("flat/evil.thing/index.json");
        }

        feed!.Refused.Count().ShouldBe(500);
        feed.Refused.Count(line => line.StartsWith("evil.thing ", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Asking_for_what_is_refused_all_at_once_stops_nothing_else()
    {
        await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => feed!.GetAsync(FeedUnderTest.Package("company.app", $"3.0.0-{(char)('a' + (i % 26))}{i}"))));
        var refused = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => feed!.GetAsync(FeedUnderTest.Package("company.app", "3.0.0"))));

        answers.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.NotFound);
        refused.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.Forbidden);
        (await feed!.DownloadAsync("company.app", "1.0.0")).ShouldNotBeEmpty();
    }

    private async Task StartAsync(string? store = null)
    {
        registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], store: store, rules: new RestoreSettings(Cooldown: "3d", Deny: ["Evil.*"]));
    }

    private void NothingCame()
    {
        feed!.Kept.ShouldBeEmpty();
        PackageLog.Read(feed.Folder["packages.log"]).ShouldAllBe(entry => entry.Refused != null);
        registry!.Server.Paths.ShouldNotContain(path => path.EndsWith(".nupkg", StringComparison.Ordinal));
    }
}
