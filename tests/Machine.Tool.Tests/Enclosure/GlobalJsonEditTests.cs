using System.Text.Json;
using Machine.Tool.Enclosure;
using Machine.Tool.Sdks;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Enclosure;

public sealed class GlobalJsonEditTests
{
    [Fact]
    public void Comments_other_keys_and_the_projects_policy_stay()
    {
        const string before = """
            {
              // pinned on purpose
              "sdk": {
                "version": "10.0.100", /* why */
                "rollForward": "latestPatch" // policy
              },
              "test": { "runner": "Microsoft.Testing.Platform" },
              "msbuild-sdks": { "X": "1.0.0", },
            }

            """;

        var after = GlobalJsonEdit.Edit(before, "10.0.401", "global.json");

        foreach (var line in before.Replace("\"latestPatch\" //", "\"latestPatch\", //", StringComparison.Ordinal).Split('\n'))
        {
            after.ShouldContain(line);
        }

        after.ShouldContain("\n    \"paths\": [\".machine\"],\n    \"errorMessage\": ");
        Sdk(after, "version").ShouldBe("10.0.100");
        Sdk(after, "rollForward").ShouldBe("latestPatch");
        Sdk(after, "errorMessage").ShouldContain("dotnet-machine start");
        GlobalJsonEdit.Edit(after, "10.0.401", "global.json").ShouldBe(after);
    }

    [Theory]
    [InlineData("{ \"sdk\": {\n  \"version\": \"10.0.100\" // why\n} }", "\"version\": \"10.0.100\", // why\n  \"paths\"")]
    [InlineData("{ \"sdk\": {\r\n  \"version\": \"10.0.100\" // why\r\n} }", "\"version\": \"10.0.100\", // why\r\n  \"paths\"")]
    [InlineData("{ \"sdk\": {\n  \"version\": \"10.0.100\", // why\n} }", "\"version\": \"10.0.100\", // why\n  \"paths\"")]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\" /* a, */ /* b */, /* c */ } }", "\"version\": \"10.0.100\" /* a, */ /* b */, /* c */ \"paths\"")]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\" // why\n} }", "\"version\": \"10.0.100\", // why\n\"paths\"")]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\"/*why*/}}", "\"version\": \"10.0.100\",/*why*/ \"paths\"")]
    public void The_last_members_comment_stays_with_it(string before, string expected)
    {
        var after = GlobalJsonEdit.Edit(before, "10.0.401", "global.json");

        after.ShouldContain(expected);
        Paths(after).ShouldBe([".machine"]);
        GlobalJsonEdit.Edit(after, "10.0.401", "global.json").ShouldBe(after);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("{ \"test\": {} }")]
    [InlineData("{\r\n  \"sdk\": {}\r\n}")]
    [InlineData("{\"sdk\":{\"allowPrerelease\":true}}")]
    [InlineData("{ // ü\n \"sdk\": { /* only this */ } }")]
    public void A_file_without_a_version_gets_the_one_that_is_used(string? before)
    {
        var after = GlobalJsonEdit.Edit(before, "10.0.401", "global.json");

        Sdk(after, "version").ShouldBe("10.0.401");
        Sdk(after, "rollForward").ShouldBe("latestFeature");
        Paths(after).ShouldBe([".machine"]);
    }

    [Theory]
    [InlineData("[\".machine\", \"$host$\"]")]
    [InlineData("[\"$host$\"]")]
    [InlineData("null")]
    public void The_host_is_never_listed(string paths) =>
        Paths(GlobalJsonEdit.Edit($$"""{ "sdk": { "version": "10.0.100", "paths": {{paths}} } }""", "10.0.401", "global.json")).ShouldBe([".machine"]);

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{ \"sdk\": 1 }")]
    [InlineData("{ \"sdk\": { \"version\": \"10.0.100\" }, \"sdk\": {} }")]
    public void What_dotnet_would_ignore_is_refused(string text) =>
        Should.Throw<MachineException>(() => GlobalJsonEdit.Edit(text, "10.0.401", "/p/global.json")).Message.ShouldContain("/p/global.json");

    private static string Sdk(string json, string key) => Read(json).GetProperty("sdk").GetProperty(key).GetString()!;

    private static string[] Paths(string json) => [.. Read(json).GetProperty("sdk").GetProperty("paths").EnumerateArray().Select(path => path.GetString()!)];

    private static JsonElement Read(string json) => JsonDocument.Parse(json, GlobalJson.Strict).RootElement;
}
