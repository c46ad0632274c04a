using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Machine.Tool.Tests.Commands;

/// <summary>The snippets of docs/ci.md: what is imported was exported, and the key is the image's own name.</summary>
public sealed partial class PipelineDocsTests
{
    public static TheoryData<string, string> Snippets()
    {
        var text = File.ReadAllText(Path.Combine(CommandDocsTests.Root, "docs", "ci.md"));
        var data = new TheoryData<string, string>();
        foreach (Match match in Snippet().Matches(text))
        {
            data.Add(match.Groups[1].Value, match.Groups[2].Value);
        }

        return data;
    }

    [Fact]
    public void There_is_one_for_each_of_three_services() => Snippets().Count.ShouldBe(3);

    [Theory]
    [MemberData(nameof(Snippets))]
    public void It_is_yaml_and_keeps_image_and_packages_under_exact_names(string service, string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        stream.Documents.ShouldHaveSingleItem(service);

        yaml.ShouldNotContain("MACHINE_HOME");
        // It would agree to whatever a pull request writes into the Machinefile.
        yaml.ShouldNotContain("--approve");
        yaml.ShouldContain("image-$(dotnet-machine image hash).tar");
        yaml.ShouldContain("image import \"$image\"");
        yaml.ShouldContain("image export \"$(dotnet-machine image hash)\" \"$image\"");
        var imported = VolumeImport().Match(yaml).Groups[1].Value;
        imported.ShouldNotBeEmpty();
        VolumeExport().Match(yaml).Groups[1].Value.ShouldBe(imported);
        yaml.ShouldMatch($@"path(s: \[|: ){Regex.Escape(Path.GetDirectoryName(imported)!)}");
        // A running machine holds the volume.
        yaml.IndexOf("dotnet-machine stop", StringComparison.Ordinal).ShouldBeInRange(0, yaml.IndexOf("volume export", StringComparison.Ordinal));
        yaml.IndexOf("volume import", StringComparison.Ordinal).ShouldBeInRange(0, yaml.IndexOf("dotnet-machine start", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^## (.+)\n\n(?:[^#`\n].*\n\n|`MACHINE.*\n\n)*```yaml\n([\s\S]*?)^```", RegexOptions.Multiline)]
    private static partial Regex Snippet();

    [GeneratedRegex(@"volume import packages (\S+)")]
    private static partial Regex VolumeImport();

    [GeneratedRegex(@"volume export packages (\S+)")]
    private static partial Regex VolumeExport();
}
