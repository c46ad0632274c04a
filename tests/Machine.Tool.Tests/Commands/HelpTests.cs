using System.CommandLine;
using Machine.Tool.Commands;
using Machine.Tool.Commands.Completions;

namespace Machine.Tool.Tests.Commands;

public sealed class HelpTests : IDisposable
{
    private readonly ToolProcess tool = new();

    public static TheoryData<string> Verbs => [.. Places().Where(place => place.Path.Length > 0).Select(place => place.Path[1..].Replace('/', ' '))];

    public static TheoryData<string> OwnVerbs => [.. Places().Where(place => place is { Path.Length: > 0, PassesThrough: false }).Select(place => place.Path[1..].Replace('/', ' '))];

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData("init")]
    [InlineData("start")]
    [InlineData("up")]
    [InlineData("stop")]
    [InlineData("destroy")]
    [InlineData("status")]
    [InlineData("list")]
    [InlineData("exec")]
    [InlineData("shell")]
    [InlineData("restore")]
    [InlineData("build")]
    [InlineData("test")]
    [InlineData("run")]
    [InlineData("publish")]
    [InlineData("pack")]
    [InlineData("clean")]
    [InlineData("format")]
    [InlineData("watch")]
    [InlineData("dotnet")]
    [InlineData("changes")]
    [InlineData("apply")]
    [InlineData("discard")]
    [InlineData("volume")]
    [InlineData("image")]
    [InlineData("packages")]
    [InlineData("logs")]
    [InlineData("plan")]
    [InlineData("doctor")]
    [InlineData("completions")]
    public void The_verb_exists(string verb) =>
        CommandLine.Root().Subcommands.ShouldContain(command => command.Name == verb || command.Aliases.Contains(verb));

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Every_verb_says_what_it_does(string verb) =>
        Find(verb).Description.ShouldNotBeNullOrWhiteSpace();

    [Theory]
    [MemberData(nameof(OwnVerbs))]
    public void Every_option_and_argument_is_described(string verb)
    {
        var command = Find(verb);

        command.Options.Where(option => string.IsNullOrWhiteSpace(option.Description)).ShouldBeEmpty();
        command.Arguments.Where(argument => string.IsNullOrWhiteSpace(argument.Description)).ShouldBeEmpty();
    }

    // --json on everything that reports.
    [Theory]
    [InlineData("status")]
    [InlineData("list")]
    [InlineData("changes")]
    [InlineData("volume list")]
    [InlineData("image list")]
    [InlineData("packages log")]
    [InlineData("plan")]
    [InlineData("doctor")]
    public void What_reports_can_report_as_json(string verb) =>
        Find(verb).Options.ShouldContain(option => option.Name == "--json");

    [Theory]
    [InlineData("exec", "uname -r")]
    [InlineData("shell", "dotnet machine shell")]
    [InlineData("volume", "export db backup.qcow2")]
    [InlineData("apply", "App.csproj")]
    public async Task Help_shows_examples_and_succeeds(string verb, string example)
    {
        var help = await tool.RunAsync(verb, "--help");

        help.ExitCode.ShouldBe(0, help.ToString());
        help.Output.ShouldContain("Usage:");
        help.Output.ShouldContain(example);
        help.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_verb_the_verbs_are_shown()
    {
        var help = await tool.RunAsync();

        help.ExitCode.ShouldBe(0);
        help.Output.ShouldContain("doctor");
    }

    [Fact]
    public async Task The_help_of_an_sdk_verb_is_the_guests()
    {
        // Without a Machinefile it gets as far as looking for one: it was not answered here.
        var help = await tool.RunAsync("build", "--help");

        help.ExitCode.ShouldBe(125);
        help.Error.ShouldContain("no Machinefile");
    }

    [Fact]
    public async Task The_version_is_one_line() =>
        (await tool.RunAsync("--version")).Output.ShouldMatch(@"^\d+\.\d+\.\d+\S*\n$");

    private static IReadOnlyList<CompletionPlace> Places() => CompletionTree.Of(CommandLine.Root());

    private static Command Find(string verb) =>
        verb.Split(' ').Aggregate((Command)CommandLine.Root(), (command, word) => command.Subcommands.Single(sub => sub.Name == word));
}
