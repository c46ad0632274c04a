using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Machine.Tool.Tests.Packages;

public sealed class FeedBehaviour
{
    [Fact]
    public async Task Simultaneous_requests_for_a_package_download_it_once()
    {
        using var packages = new TestFolder();
        var original = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Path, "Once", "1.0.0"), TestContext.Current.CancellationToken);
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        using var store = new TestFolder();
        await using var one = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())], store: store.Path);
        await using var other = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())], store: store.Path);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : other).DownloadAsync("once", "1.0.0")));

        answers.ShouldAllBe(bytes => bytes.SequenceEqual(original));
        registry.Server.Paths.Count(path => path.EndsWith(".nupkg", StringComparison.Ordinal)).ShouldBe(1, "two machines of one host share the store");
    }

    [Fact]
    public async Task A_kept_file_that_changed_on_disk_is_downloaded_anew_and_never_served()
    {
        using var packages = new TestFolder();
        var original = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Path, "Rotten", "1.0.0"), TestContext.Current.CancellationToken);
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())]);
        await feed.DownloadAsync("rotten", "1.0.0");
        var kept = feed.Kept.Single();
        var bytes = await File.ReadAllBytesAsync(kept, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        File.Delete(kept);
        await File.WriteAllBytesAsync(kept, bytes, TestContext.Current.CancellationToken);

        (await feed.DownloadAsync("rotten", "1.0.0")).ShouldBe(original);

        feed.Log.Text.ShouldContain("does not match its hash any more");
        Convert.ToHexStringLower(SHA512.HashData(await File.ReadAllBytesAsync(feed.Kept.Single(), TestContext.Current.CancellationToken)))
            .ShouldBe(Path.GetFileNameWithoutExtension(kept));
    }

    [Fact]
    public async Task A_package_that_is_not_the_one_asked_for_is_refused_and_not_kept()
    {
        using var packages = new TestFolder();
        File.Move(PackageFolder.Add(packages.Folder("made"), "Evil", "1.0.0"), packages["good.nupkg"]);
        await using var registry = await FlatServer.StartAsync("good", "1.0.0", await File.ReadAllBytesAsync(packages["good.nupkg"], TestContext.Current.CancellationToken));
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Address + "index.json")]);

        var answer = await feed.GetAsync(FeedUnderTest.Package("good", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase!.ShouldContain("source 'registry' sent Evil 1.0.0 where good 1.0.0 was asked for");
        feed.Kept.ShouldBeEmpty();
        feed.Entered.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_no_package_is_refused_and_not_kept()
    {
        await using var registry = await FlatServer.StartAsync("good", "1.0.0", "<html>sign in, please</html>"u8.ToArray());
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Address + "index.json")]);

        var answer = await feed.GetAsync(FeedUnderTest.Package("good", "1.0.0"));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        feed.Kept.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_mapping_of_packages_to_sources_decides_over_their_order()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Folder("public"), "Company.Secret", "9.9.9", content: "squatted");
        PackageFolder.Add(packages.Folder("public"), "Common", "1.0.0");
        PackageFolder.Add(packages.Folder("private"), "Company.Secret", "1.0.0", content: "ours");
        const string Mapping = """
            <packageSourceMapping>
              <packageSource key="public"><package pattern="*" /></packageSource>
              <packageSource key="private"><package pattern="Company.*" /></packageSource>
            </packageSourceMapping>
            """;
        await using var feed = await FeedUnderTest.StartAsync([("public", packages["public"]), ("private", packages["private"])], Mapping);

        (await feed.VersionsAsync("company.secret")).ShouldBe(["1.0.0"]);
        (await feed.VersionsAsync("common")).ShouldBe(["1.0.0"]);
        (await feed.GetAsync(FeedUnderTest.Package("company.secret", "9.9.9"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_first_source_that_has_a_version_gives_it_and_a_dead_one_is_not_skipped()
    {
        using var packages = new TestFolder();
        var ours = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Folder("first"), "Twin", "1.0.0", content: "ours"), TestContext.Current.CancellationToken);
        PackageFolder.Add(packages.Folder("second"), "Twin", "1.0.0", content: "theirs");
        PackageFolder.Add(packages.Folder("second"), "Twin", "2.0.0", content: "theirs");
        PackageFolder.Add(packages.Folder("second"), "Solo", "1.0.0", content: "theirs");
        await using var first = await FeedUnderTest.StartAsync([("folder", packages["first"])]);
        await using var second = await FeedUnderTest.StartAsync([("folder", packages["second"])]);
        await using var feed = await FeedUnderTest.StartAsync([("first", first.Server.Index.ToString()), ("second", second.Server.Index.ToString())]);

        (await feed.VersionsAsync("twin")).ShouldBe(["1.0.0", "2.0.0"]);
        (await feed.DownloadAsync("twin", "1.0.0")).ShouldBe(ours);

        first.Server.Up = false;
        var answer = await feed.GetAsync(FeedUnderTest.Package("solo", "1.0.0"));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway, "the first source might have it");
        answer.ReasonPhrase!.ShouldContain("source 'first' cannot be reached");
        (await feed.DownloadAsync("twin", "1.0.0")).ShouldBe(ours, "kept from the first");
    }

    [Fact]
    public async Task A_folders_package_that_was_packed_anew_is_served_anew()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Local", "1.0.0-dev", content: "before");
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await feed.DownloadAsync("local", "1.0.0-dev");

        var after = await File.ReadAllBytesAsync(PackageFolder.Add(packages.Path, "Local", "1.0.0-dev", content: "after, and longer"), TestContext.Current.CancellationToken);

        (await feed.DownloadAsync("local", "1.0.0-dev")).ShouldBe(after);
    }

    [Fact]
    public async Task A_source_added_to_the_configuration_counts_without_a_restart()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Folder("later"), "Late", "1.0.0");
        await using var feed = await FeedUnderTest.StartAsync([("first", packages.Folder("first"))]);
        (await feed.GetAsync("flat/late/index.json")).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        FeedUnderTest.Configure(feed.Folder.Path, [("first", packages["first"]), ("later", packages["later"])]);

        await Poll.UntilAsync(async () => (await feed.GetAsync("flat/late/index.json")).StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Registrations_carry_our_addresses_only()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Reg", "1.0.0", "Base [1.0.0,)");
        PackageFolder.Add(packages.Path, "Reg", "2.0.0-beta.1");
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())]);

        var text = await feed.GetTextAsync("registration/reg/index.json");

        text.ShouldNotContain(registry.Server.Address.Authority);
        var leaves = JsonNode.Parse(text)!["items"]![0]!["items"]!.AsArray();
        leaves.Select(leaf => leaf!["catalogEntry"]!["version"]!.GetValue<string>()).ShouldBe(["1.0.0", "2.0.0-beta.1"]);
        leaves[0]!["catalogEntry"]!["dependencyGroups"]![0]!["dependencies"]![0]!["id"]!.GetValue<string>().ShouldBe("Base");
        leaves[0]!["packageContent"]!.GetValue<string>().ShouldStartWith(feed.Client.BaseAddress!.ToString());
        (await feed.GetAsync("registration/reg/2.0.0-beta.1.json")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_search_of_the_hosts_sources_is_found_inside()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Findable.Thing", "1.5.0");
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);

        var found = JsonNode.Parse(await feed.GetTextAsync("search?q=findable&take=5"))!;

        found["data"]![0]!["id"]!.GetValue<string>().ShouldBe("Findable.Thing");
        found["data"]![0]!["version"]!.GetValue<string>().ShouldBe("1.5.0");
    }

    [Fact]
    public async Task Wrong_credentials_are_told_without_telling_them()
    {
        using var packages = new TestFolder();
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        registry.Server.Authorization = "Basic never";
        await using var feed = await FeedUnderTest.StartAsync(
            [("company", registry.Server.Index.ToString())],
            """<packageSourceCredentials><company><add key="Username" value="reader" /><add key="ClearTextPassword" value="s3cret-pass" /></company></packageSourceCredentials>""");

        var answer = await feed.GetAsync("flat/any/index.json");

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase.ShouldBe("source 'company' refused the host's credentials (401)");
        (feed.Log.Text + await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldNotContain("s3cret-pass");
    }
}
