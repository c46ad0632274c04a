using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Machine.Tool.Tests.Commands;

/// <summary>The pipelines that test and release this repository.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Workflows => [.. Directory.GetFiles(At(".github/workflows")).Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_step_of_somebody_elses_is_named_by_the_hash_of_its_commit(string workflow)
    {
        var used = Used().Matches(Read(workflow)).Select(match => match.Groups[1].Value).ToList();

        used.ShouldNotBeEmpty();
        used.Where(action => !Regex.IsMatch(action, "@[0-9a-f]{40} # v[0-9.]+$")).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Workflows))]
    public void No_secret_is_stored_and_no_more_is_granted_than_reading(string workflow)
    {
        Read(workflow).ShouldNotContain("secrets.");
        // A feed is a variable of the repository.
        Read(workflow).ShouldNotContain("://");
        Scalar(Root(workflow), "permissions", "contents").ShouldBe("read");
        Granted(Root(workflow)).Except(["contents: read", "id-token: write", "attestations: write"]).ShouldBeEmpty();
        // What a stranger's branch or title says is not put into a script.
        Read(workflow).Split('\n').Where(line => Regex.IsMatch(line, @"\brun:.*\$\{\{")).ShouldBeEmpty();
        Read(workflow).ShouldNotContain("pull_request_target");
    }

    [Fact]
    public void What_runs_code_of_packages_has_no_identity()
    {
        var jobs = (YamlMappingNode)Root("release.yml")["jobs"];

        jobs.Where(job => Granted(job.Value).Contains("id-token: write")).Select(job => job.Key.ToString()).ShouldBe(["attest", "publish"]);
        Scalar(jobs, "publish", "environment").ShouldBe("release");
    }

    [Fact]
    public void Continuous_integration_types_what_a_person_types() => Read("ci.yml").ShouldContain("- run: ./test.sh\n");

    [Fact]
    public void Only_a_pushed_tag_publishes_and_only_what_was_tested_and_attested()
    {
        var jobs = (YamlMappingNode)Root("release.yml")["jobs"];

        jobs.Where(job => job.Value.ToString().Contains("nuget push", StringComparison.Ordinal)).Select(job => job.Key.ToString()).ShouldBe(["publish"]);
        Scalar(jobs, "publish", "if").ShouldBe("github.event_name == 'push' && github.ref_type == 'tag'");
        Scalar(jobs, "publish", "needs").ShouldBe("attest");
        Scalar(jobs, "attest", "if").ShouldBe(Scalar(jobs, "publish", "if"));
        Scalar(jobs, "attest", "needs").ShouldBe("pack");
        Scalar(jobs, "pack", "needs").ShouldBe("test");
        Read("release.yml").ShouldMatch(@"attest-build-provenance@\S+ # \S+\n\s+with: \{ subject-path: packages/\* \}");
    }

    [Fact]
    public void All_that_is_published_is_packed() =>
        PackedProject().Match(Read("release.yml")).Groups[1].Value.Split(' ').ShouldBe(PublishedPackageTests.Projects.Select(row => row.Data));

    private static string At(string relative) => Path.Combine(CommandDocsTests.Root, relative);

    private static string Read(string workflow) => File.ReadAllText(At(Path.Combine(".github", "workflows", workflow)));

    private static YamlMappingNode Root(string workflow)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Read(workflow)));
        return (YamlMappingNode)stream.Documents.ShouldHaveSingleItem().RootNode;
    }

    private static IEnumerable<string> Granted(YamlNode node) => node is not YamlMappingNode map ? []
        : map.Children.SelectMany(child => child.Key.ToString() == "permissions" && child.Value is YamlMappingNode rights
            ? rights.Children.Select(right => $"{right.Key}: {right.Value}")
            : child.Value is YamlSequenceNode steps ? steps.SelectMany(Granted) : Granted(child.Value));

    private static string Scalar(YamlNode node, params string[] path) => path.Aggregate(node, (at, key) => at[key]).ToString();

    [GeneratedRegex(@"uses: (.+)")]
    private static partial Regex Used();

    [GeneratedRegex(@"for project in (.+); do")]
    private static partial Regex PackedProject();
}
