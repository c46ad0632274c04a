using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Tests.Packages;

/// <summary>Rules over npm's documents; without a registry, for the document decides.</summary>
public sealed class NpmRulesTests : IDisposable
{
    private const string Ours = "http://127.0.0.1:1";
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_young_version_is_gone_from_versions_times_and_files_and_its_tag_leads_to_the_newest_that_passes()
    {
        var document = Rewrite(("1.0.0", 30), ("1.9.0", 10), ("2.0.0", 0), ("3.0.0-beta.1", 20));

        using var json = JsonDocument.Parse(document.Json);
        json.RootElement.GetProperty("versions").EnumerateObject().Select(version => version.Name).ShouldBe(["1.0.0", "1.9.0", "3.0.0-beta.1"]);
        json.RootElement.GetProperty("time").EnumerateObject().Select(version => version.Name).ShouldNotContain("2.0.0");
        json.RootElement.GetProperty("dist-tags").GetProperty("latest").GetString().ShouldBe("1.9.0");
        document.Tarballs.Keys.ShouldBe(["1.0.0", "1.9.0", "3.0.0-beta.1"]);
        document.Judgement.Newest.ShouldBe("1.9.0");
    }

    [Fact]
    public void A_tag_with_nothing_before_it_is_gone()
    {
        using var json = JsonDocument.Parse(Rewrite(("1.0.0", 0)).Json);

        json.RootElement.GetProperty("dist-tags").EnumerateObject().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"soon\"")]
    [InlineData("\"2999-01-01T00:00:00Z\"")]
    [InlineData("\"1970-01-01T00:00:00Z\"")]
    [InlineData("5")]
    public void A_date_that_is_none_or_of_the_future_lets_nothing_in(string time) =>
        Rewrite(Encoding.UTF8.GetBytes($$"""{"name":"thing","time":{"1.0.0":{{time}} },"versions":{"1.0.0":{"dist":{"tarball":"http://h/x.tgz"} } } }""")).Tarballs.ShouldBeEmpty();

    [Fact]
    public void Members_that_are_there_twice_hide_nothing()
    {
        var document = Rewrite(Encoding.UTF8.GetBytes("""
            {"versions":{"1.0.0":{"dist":{"tarball":"http://h/x.tgz"}}},"time":{"1.0.0":"2011-01-01T00:00:00Z"},"versions":{"6.6.6":{"dist":{"tarball":"http://h/y.tgz"}}}}
            """));

        document.Tarballs.Keys.ShouldBe(["1.0.0"]);
    }

    [Fact]
    public void A_direct_download_says_which_rule_and_which_version_passes()
    {
        var log = new PackageLog(folder["packages.log"]);
        var gate = new NpmGate(Rules(new RestoreSettings(Cooldown: "3d", Deny: ["npm:event-*"])), log);
        var document = Rewrite(("1.0.0", 30), ("2.0.0", 0));

        Should.Throw<FeedException>(() => gate.Require(document, "thing", "2.0.0")).Message
            .ShouldBe("cooldown 3d of the Machinefile: thing 2.0.0 was published 0 minutes ago; 1.0.0 is the newest version that passes");
        gate.Require(document, "thing", "1.0.0").ShouldNotBeNull();
        gate.Require(document, "thing", "9.9.9").ShouldBeNull();
        Should.Throw<FeedException>(() => gate.RequireName("event-stream")).Status.ShouldBe(403);
        gate.RequireName("thing");
        PackageLog.Read(folder["packages.log"]).Select(entry => $"{entry.Kind} {entry.Id} {entry.Version}").ShouldBe(["npm thing 2.0.0", "npm event-stream *"]);
    }

    [Fact]
    public void An_allow_without_a_name_of_npms_lets_none_of_it_in() =>
        Should.Throw<FeedException>(() => new NpmGate(Rules(new RestoreSettings(Allow: ["Company.*"])), new PackageLog(folder["packages.log"])).RequireName("thing"))
            .Message.ShouldBe("thing is refused by allow Company.* of the Machinefile; no version of it passes");

    private static NpmDocument Rewrite(params (string Version, int Days)[] versions)
    {
        var now = DateTimeOffset.UtcNow;
        return Rewrite(Encoding.UTF8.GetBytes(new JsonObject
        {
            ["name"] = "thing",
            ["dist-tags"] = new JsonObject { ["latest"] = versions.OrderBy(one => one.Days).First().Version },
            ["versions"] = new JsonObject(versions.Select(one => KeyValuePair.Create(one.Version, (JsonNode?)new JsonObject { ["dist"] = new JsonObject { ["tarball"] = "http://h/x.tgz" } }))),
            ["time"] = new JsonObject(versions.Select(one => KeyValuePair.Create(one.Version, (JsonNode?)now.AddDays(-one.Days).ToString("O")))),
        }.ToJsonString()));
    }

    private static NpmDocument Rewrite(byte[] upstream) =>
        NpmDocument.Rewrite(upstream, "thing", Ours, NpmGate.Judge(Rules(new RestoreSettings(Cooldown: "3d")).Current(), "thing"));

    private static PackageRules Rules(RestoreSettings settings)
    {
        var rules = new PackageRules(null);
        rules.Use(settings);
        return rules;
    }
}
