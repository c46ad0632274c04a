using System.Text.RegularExpressions;
using Machine.Tool.Commands.Help;

namespace Machine.Tool.Tests.Commands;

public sealed partial class DocsCommandTests : IDisposable
{
    // For who changes the code, and of the host where it was measured.
    private static readonly string[] NotForUsers = ["architecture", "measured"];

    private readonly ToolProcess tool = new();

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Path.Combine(CommandDocsTests.Root, "docs"), "*.md").Select(file => Path.GetFileNameWithoutExtension(file)).Except(NotForUsers).Order()];

    public void Dispose() => tool.Dispose();

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Outside_of_a_project_a_page_is_printed_as_it_is(string topic)
    {
        var outcome = await tool.RunAsync("docs", topic);

        outcome.ExitCode.ShouldBe(0, outcome.ToString());
        outcome.Output.ShouldBe(File.ReadAllText(Path.Combine(CommandDocsTests.Root, "docs", topic + ".md")));
        outcome.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_topic_each_page_has_a_line_that_says_what_it_is_about()
    {
        var outcome = await tool.RunAsync("docs");

        outcome.ExitCode.ShouldBe(0, outcome.ToString());
        var rows = outcome.Output.TrimEnd('\n').Split('\n').Skip(1).Select(line => Row().Match(line)).ToList();
        rows.Select(row => row.Groups[1].Value).ShouldBe(Pages.Select(page => page.Data), ignoreOrder: true);
        // A word that the topic has said already tells nothing.
        rows.ShouldAllBe(row => row.Groups[2].Value.Split(' ').Length > 2);
    }

    [Theory]
    [InlineData("lmits")]
    [InlineData("../README")]
    [InlineData("architecture")]
    public async Task A_topic_that_is_none_is_a_usage_error_that_names_the_topics(string topic)
    {
        var outcome = await tool.RunAsync("docs", topic);

        outcome.ExitCode.ShouldBe(2, outcome.ToString());
        outcome.Output.ShouldBeEmpty();
        outcome.Error.ShouldContain($"the manual has no `{topic}`");
        ManualPage.Topics.ShouldAllBe(known => outcome.Error.Contains(known, StringComparison.Ordinal));
    }

    /// <summary>Who installed the tool has no docs/ beside it.</summary>
    [Fact]
    public void What_users_are_told_leads_to_the_manual_and_not_to_a_file()
    {
        var told = CodeBelow("src/Machine.Tool").Concat(Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, "templates", "content"), "*", SearchOption.AllDirectories))
            .SelectMany(file => File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).Select(line => (Path.GetFileName(file), Line: line)))
            .ToList();

        told.Where(place => Page().IsMatch(place.Line)).ShouldBeEmpty();
        told.SelectMany(place => Reference().Matches(place.Line)).Select(match => match.Groups[1].Value).Distinct()
            .ShouldBeSubsetOf(ManualPage.Topics);
        told.ShouldContain(place => place.Line.Contains("dotnet machine docs machinefile", StringComparison.Ordinal));
    }

    private static IEnumerable<string> CodeBelow(string folder) => Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, folder), "*.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"^(\S+)  +(.+)$")]
    private static partial Regex Row();

    [GeneratedRegex(@"\bdocs/[\w-]+\.(md|json)")]
    private static partial Regex Page();

    [GeneratedRegex(@"dotnet machine docs ([a-z-]+)")]
    private static partial Regex Reference();
}
