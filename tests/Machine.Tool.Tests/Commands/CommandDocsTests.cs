using System.Text.RegularExpressions;
using Machine.Tool.Commands;
using Machine.Tool.Commands.Completions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Commands;

/// <summary>docs/commands.md against the program: what can be typed is written there.</summary>
public sealed partial class CommandDocsTests
{
    public static readonly string Root = FindRoot();
    private static readonly string Docs = File.ReadAllText(Path.Combine(Root, "docs", "commands.md"));

    [Theory]
    [MemberData(nameof(HelpTests.Verbs), MemberType = typeof(HelpTests))]
    public void Every_verb_is_described(string verb) => Docs.ShouldMatch($@"`{Regex.Escape(verb)}[ `]");

    public static TheoryData<string> Groups => [.. CommandLine.Groups().Select(group => group.Title)];

    [Theory]
    [MemberData(nameof(Groups))]
    public void A_verb_is_described_in_its_group(string title)
    {
        var section = Regex.Match(Docs, $@"^## {title}\n((?!## ).*\n?)*", RegexOptions.Multiline).Value;

        CommandLine.Groups().Single(group => group.Title == title).Verbs
            .Where(verb => !Regex.IsMatch(section, $@"^\| (`\w+` )*`{verb.Name}[ `]", RegexOptions.Multiline))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_option_is_described() =>
        CompletionTree.Of(CommandLine.Root()).SelectMany(place => place.Options).Select(option => option.Text)
            .Where(option => option is not ("-h" or "--help")).Distinct()
            .Where(option => !Docs.Contains($"`{option}", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Every_variable_of_this_tool_is_described() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src", "Machine.Tool"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Variable().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .Distinct()
            .Where(variable => variable is not ("MACHINE_END_OF_FILE" or "MACHINE_END_OF_PROGRAM") && !Docs.Contains($"`{variable}`", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Every_exit_code_is_described() =>
        new[] { ExitCode.Ok, ExitCode.Failed, ExitCode.Usage, ExitCode.MachineUnavailable, ExitCode.Interrupted }
            .Where(code => !Docs.Contains($"| {code} |", StringComparison.Ordinal))
            .ShouldBeEmpty();

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Machine.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }

    [GeneratedRegex("\"(MACHINE_[A-Z_]+)\"")]
    private static partial Regex Variable();
}
