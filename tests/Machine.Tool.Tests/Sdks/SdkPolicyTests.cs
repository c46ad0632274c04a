using Machine.Tool.Sdks;
using Machine.Tool.Tests.Images;

namespace Machine.Tool.Tests.Sdks;

/// <summary>The table of the dotnet host's own documentation and source (sdk_resolver.cpp).</summary>
public sealed class SdkPolicyTests
{
    private const string Many = "6.0.428 8.0.100 8.0.102 8.0.203 8.0.205 8.0.301 8.1.100 9.0.100 9.0.306 10.0.100-rc.2.25502.107";

    [Theory]
    [InlineData("8.0.100", "disable", "8.0.100")]
    [InlineData("8.0.101", "disable", null)]
    [InlineData("8.0.100", "patch", "8.0.100")]
    [InlineData("8.0.101", "patch", "8.0.102")]
    [InlineData("8.0.103", "patch", null)]
    [InlineData("8.0.100", "latestPatch", "8.0.102")]
    [InlineData("8.0.100", "feature", "8.0.102")]
    [InlineData("8.0.103", "feature", "8.0.205")]
    [InlineData("8.0.100", "latestFeature", "8.0.301")]
    [InlineData("8.0.400", "feature", null)]
    [InlineData("8.0.400", "minor", "8.1.100")]
    [InlineData("8.0.100", "latestMinor", "8.1.100")]
    [InlineData("7.0.100", "minor", null)]
    [InlineData("7.0.100", "major", "8.0.102")]
    [InlineData("6.0.428", "latestMajor", "10.0.100-rc.2.25502.107")]
    [InlineData("11.0.100", "latestMajor", null)]
    public void The_policy_chooses_among_the_installed(string requested, string policy, string? chosen) =>
        Choose($$"""{ "sdk": { "version": "{{requested}}", "rollForward": "{{policy}}" } }""", Many).ShouldBe(chosen);

    [Theory]
    [InlineData("""{ "sdk": { "version": "8.0.101" } }""", "8.0.102")]
    [InlineData("""{ "sdk": { "version": "8.0.100" } }""", "8.0.100")]
    [InlineData("""{ "sdk": { } }""", "10.0.100-rc.2.25502.107")]
    [InlineData("""{ }""", "10.0.100-rc.2.25502.107")]
    [InlineData("""{ "sdk": null }""", "10.0.100-rc.2.25502.107")]
    [InlineData("""{ "sdk": { "allowPrerelease": false } }""", "9.0.306")]
    [InlineData("""{ "sdk": { "version": "6.0.100", "rollForward": "latestMajor", "allowPrerelease": false } }""", "9.0.306")]
    [InlineData("""{ "sdk": { "version": "10.0.100-preview.1", "rollForward": "latestPatch", "allowPrerelease": false } }""", "10.0.100-rc.2.25502.107")]
    [InlineData("{ // why\n \"sdk\": { \"version\": \"8.0.100\", /* so */ \"rollForward\": \"LATESTFEATURE\", }, }", "8.0.301")]
    public void The_file_says_what_is_asked(string json, string chosen) => Choose(json, Many).ShouldBe(chosen);

    [Theory]
    [InlineData("""{ "sdk": { "version": "8.0" } }""")]
    [InlineData("""{ "sdk": { "version": "8.0.x" } }""")]
    [InlineData("""{ "sdk": { "version": "08.0.100" } }""")]
    [InlineData("""{ "sdk": { "version": 8 } }""")]
    [InlineData("""{ "sdk": { "version": "8.0.100", "rollForward": "sometimes" } }""")]
    [InlineData("""{ "sdk": { "version": "8.0.100", "rollForward": "2" } }""")]
    [InlineData("""{ "sdk": { "rollForward": "latestFeature" } }""")]
    [InlineData("""{ "sdk": "8.0.100" }""")]
    [InlineData("""{ "sdk": { "allowPrerelease": "no" } }""")]
    [InlineData("not json")]
    public void A_file_that_dotnet_would_ignore_is_ignored(string json)
    {
        using var home = new ImagesFolder();
        GlobalJson.TryRead(home.Write("global.json", json)).ShouldBeNull();
    }

    [Fact]
    public void A_release_is_newer_than_its_previews() =>
        Choose("{}", "9.0.100-rc.1 9.0.100 9.0.100-rc.2.5 9.0.100-rc.2.10").ShouldBe("9.0.100");

    [Fact]
    public void Previews_are_ordered_by_number() =>
        Choose("{}", "9.0.100-rc.1 9.0.100-rc.2.9 9.0.100-rc.2.10 9.0.100-preview.7").ShouldBe("9.0.100-rc.2.10");

    private static string? Choose(string json, string installed)
    {
        using var home = new ImagesFolder();
        var policy = GlobalJson.TryRead(home.Write("global.json", json)).ShouldNotBeNull();
        return policy.Choose(installed.Split(' ').Select(SdkVersion.TryParse).OfType<SdkVersion>())?.ToString();
    }
}
