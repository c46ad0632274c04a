using System.Text.RegularExpressions;

namespace Machine.Tool.Tests.Commands;

/// <summary>CONTRIBUTING.md sends nobody to a file, a test or a verb that is not there.</summary>
public sealed partial class ContributingTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(CommandDocsTests.Root, "CONTRIBUTING.md"));

    private static readonly HashSet<string> Files = [.. Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, "src", "Machine.Tool"), "*", SearchOption.AllDirectories)
        .Concat(Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, "tests"), "*.cs", SearchOption.AllDirectories)).Select(file => Path.GetFileName(file))];

    public static TheoryData<string> Changes => ["a verb", "a Machinefile key", "a guest script", "an argument of the engine", "a field on the wire", "a guarded file name", "a doctor check"];

    [Theory]
    [MemberData(nameof(Changes))]
    public void Each_change_has_its_places_and_the_test_that_fails(string change) =>
        Page.Split('\n').Where(line => line.StartsWith($"| {change} |", StringComparison.Ordinal)).ShouldHaveSingleItem()
            .ShouldMatch(@"^\| [^|]+ \| [^|]*`[^|]+ \| `Machine\.EndToEnd\.Tests` \|$|^\| [^|]+ \| [^|]*`[^|]+ \|( `\w+Tests`,?)+ \|$");

    [Fact]
    public void Every_file_that_is_named_is_there()
    {
        var named = Named().Matches(Page).Select(match => match.Groups[1].Value).Distinct().ToList();

        named.Count.ShouldBeGreaterThan(20);
        named.Where(name => !IsThere(name)).ShouldBeEmpty();
    }

    private static bool IsThere(string name) =>
        Path.Exists(Path.Combine(CommandDocsTests.Root, name)) || Path.Exists(Path.Combine(CommandDocsTests.Root, "tests", name)) || Path.Exists(Path.Combine(CommandDocsTests.Root, "src", "Machine.Tool", name))
        || Files.Contains(name) || Files.Contains(name + ".cs");

    // Names of files, of folders and of classes of tests; a pattern (…Check.cs) is none.
    [GeneratedRegex(@"[`(*]([\w./-]+(?:\.(?:cs|md|pl|sh|json|sln|props)|Tests|/))[`)""]")]
    private static partial Regex Named();
}
