using System.Net;

namespace Machine.Tool.Tests.Packages;

/// <summary>Sources whose passwords lie in no file: a program of the user's has them.</summary>
public sealed class CredentialProviders
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_users_source_is_signed_in_to_with_what_the_provider_says_asked_once_and_without_a_dialogue()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Company.Base", "3.0.0");
        await using var company = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        company.Server.Authorization = "Basic " + Convert.ToBase64String("reader:of-the-provider"u8);
        CredentialPlugin.Knows(company.Server.Address, "reader", "of-the-provider");
        await using var feed = await FeedUnderTest.StartAsync([("company", company.Server.Index.ToString())]);

        (await feed.VersionsAsync("company.base")).ShouldBe(["3.0.0"]);
        (await feed.DownloadAsync("company.base", "3.0.0")).ShouldNotBeEmpty();

        CredentialPlugin.AskedAbout(company.Server.Address).ShouldBe([(false, true)]);
    }

    [Fact]
    public async Task One_whose_password_is_refused_is_asked_again_and_the_guest_gets_the_reason()
    {
        await using var company = await FlatServer.StartAsync("thing", "1.0.0", []);
        company.Authorization = "Basic " + Convert.ToBase64String("reader:right"u8);
        CredentialPlugin.Knows(company.Address, "reader", "wrong");
        await using var feed = await FeedUnderTest.StartAsync([("company", new Uri(company.Address, "index.json").ToString())]);

        using var answer = await feed.GetAsync("flat/thing/index.json");

        answer.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        (answer.ReasonPhrase + await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("401");
        var asked = CredentialPlugin.AskedAbout(company.Address);
        asked[0].ShouldBe((false, true));
        asked.Skip(1).ShouldNotBeEmpty();
        asked.Skip(1).ShouldAllBe(question => question.Again && question.NonInteractive);
    }

    [Fact]
    public async Task A_provider_that_has_nothing_for_a_server_leaves_it_refused()
    {
        await using var company = await FlatServer.StartAsync("thing", "1.0.0", []);
        company.Authorization = "Basic nobody";
        await using var feed = await FeedUnderTest.StartAsync([("company", new Uri(company.Address, "index.json").ToString())]);

        using var answer = await feed.GetAsync("flat/thing/index.json");

        answer.StatusCode.ShouldNotBe(HttpStatusCode.OK);
        CredentialPlugin.AskedAbout(company.Address).ShouldNotBeEmpty();
    }
}
