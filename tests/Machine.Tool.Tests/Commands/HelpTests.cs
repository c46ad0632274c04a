using System.CommandLine;
using System.Text.RegularExpressions;
using Machine.Tool.Commands;
using Machine.Tool.Commands.Completions;
using Machine.Tool.Commands.Help;

namespace Machine.Tool.Tests.Commands;

public sealed partial class HelpTests : IDisposable
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
    [InlineData("docs")]
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
    [InlineData("network show")]
    [InlineData("network check")]
    [InlineData("network allow")]
    [InlineData("network deny")]
    [InlineData("network remove")]
    [InlineData("network learn")]
    [InlineData("network log")]
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
    public async Task Each_verb_stands_in_one_group_of_the_help()
    {
        var help = (await tool.RunAsync("--help")).Output;

        var shown = Heading().Matches(help).ToDictionary(group => group.Groups[1].Value, group => group.Groups[2].Value.Split('\n').Where(line => line.Length > 0).Select(FirstWord).ToList());
        shown.Keys.ShouldBe(["Usage", "Run something inside", "The machine", "Changes", "The network", "Volumes and images", "This host", "When something is wrong", "Options"]);
        shown.Where(group => group.Key is not ("Usage" or "Options")).SelectMany(group => group.Value)
            .ShouldBe(CommandLine.Root().Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name), ignoreOrder: true);
        // A verb that was written and put into no group is in neither.
        var written = typeof(CommandLine).Assembly.GetTypes().Where(type => type.Name.EndsWith("Command", StringComparison.Ordinal) && type.GetMethod("Create", Type.EmptyTypes) is not null)
            .Select(type => ((System.CommandLine.Command)type.GetMethod("Create", Type.EmptyTypes)!.Invoke(null, null)!).Name);
        written.ShouldBeSubsetOf(CommandLine.Root().Subcommands.SelectMany(verb => verb.Subcommands.Append(verb)).Select(verb => verb.Name));
    }

    [Theory]
    [InlineData("--help", "  build [ARGUMENTS…]  ", "  stop, down  ", "  destroy [MACHINE]  ")]
    [InlineData("exec --help", "  dotnet machine exec [options] COMMAND [ARGUMENTS…]", "  [ARGUMENTS…]  ", "  -e, --env NAME[=VALUE]  ")]
    [InlineData("apply --help", "  dotnet machine apply [options] [PATH…]", "  --hash HASH  ", "  -y, --yes  ")]
    [InlineData("image rm --help", "  dotnet machine image rm [options] IMAGE…")]
    [InlineData("volume --help", "  dotnet machine volume [options] VERB …", "  rm NAME  ")]
    [InlineData("logs --help", "  -n, --lines N ", "[default: 40]", "  -h, --help  ")]
    public async Task What_is_to_be_given_is_shown_by_its_name(string line, params string[] expected)
    {
        var help = await tool.RunAsync(line.Split(' '));

        expected.ShouldAllBe(part => help.Output.Contains(part, StringComparison.Ordinal), help.ToString());
    }

    [Fact]
    public void No_help_puts_names_in_angle_brackets_or_tells_that_a_switch_is_off() =>
        Places().Select(place => (place.Path, Help: HelpOf(place.Path[Math.Min(1, place.Path.Length)..].Replace('/', ' '))))
            .Where(page => Regex.IsMatch(page.Help, @"<\w|\[default: False\]") || !page.Help.Contains("Usage:", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Theory]
    [InlineData(60, "  rm NAME    Delete a volume; the next start makes an empty\n             one\n")]
    [InlineData(200, "  rm NAME    Delete a volume; the next start makes an empty one\n")]
    // Too narrow for two columns: the terminal breaks the line itself.
    [InlineData(40, "  rm NAME    Delete a volume; the next start makes an empty one\n")]
    public void A_terminal_breaks_no_word_of_the_help(int width, string expected)
    {
        using var output = new StringWriter { NewLine = "\n" };

        TwoColumns.Write(output, width, [new HelpSection("Verbs", [new HelpRow("rm NAME", "Delete a volume; the next start makes an empty one"), new HelpRow("list, ls ", "")])]);

        output.ToString().ShouldContain(expected);
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

    // Of a verb that passes everything on too: typed, its --help is the guest's.
    private static string HelpOf(string verb)
    {
        using var output = new StringWriter();
        CommandLine.Root().Parse($"{verb} --help").Invoke(new InvocationConfiguration { Output = output });
        return output.ToString();
    }

    private static string FirstWord(string line) => line.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)[0];

    [GeneratedRegex(@"^(\S.*):\n((?:  .*\n)+)", RegexOptions.Multiline)]
    private static partial Regex Heading();

    private static IReadOnlyList<CompletionPlace> Places() => CompletionTree.Of(CommandLine.Root());

    private static Command Find(string verb) =>
        verb.Split(' ').Aggregate((Command)CommandLine.Root(), (command, word) => command.Subcommands.Single(sub => sub.Name == word));
}
