using System.Text.RegularExpressions;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests;

/// <summary>docs/security.md names the tests behind each promise: those that exist, and all of this suite.</summary>
public sealed class SecurityDocsTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(CommandDocsTests.Root, "docs", "security.md"));

    private static readonly HashSet<string> Classes = [.. Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, "tests"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("\\obj\\", StringComparison.Ordinal))
        .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"^(?:public|internal) (?:sealed |static |abstract |partial )*class (\w+)", RegexOptions.Multiline))
        .Select(match => match.Groups[1].Value)];

    private static IEnumerable<string> Named => Regex.Matches(Page, @"`(\w+(?:Attacks|Tests|Requests|Inputs))`").Select(match => match.Groups[1].Value).Distinct();

    [Fact]
    public void Every_test_class_that_it_names_exists()
    {
        Named.Count().ShouldBeGreaterThan(20);
        Named.Where(name => !Classes.Contains(name)).ShouldBeEmpty();
    }

    [Fact]
    public void It_names_every_class_of_this_suite() =>
        typeof(SecurityDocsTests).Assembly.GetTypes()
            .Where(type => type != typeof(SecurityDocsTests) && type.GetMethods().Any(method => method.GetCustomAttributes(inherit: false).Any(attribute => attribute is FactAttribute)))
            .Select(type => type.Name).Except(Named).ShouldBeEmpty();

    [Fact]
    public void Every_defence_that_can_be_switched_off_names_a_file()
    {
        foreach (var defence in Directory.GetFiles(Path.Combine(CommandDocsTests.Root, "tests", "defences")).Where(file => !file.EndsWith(".patch", StringComparison.Ordinal)))
        {
            File.Exists(Path.Combine(CommandDocsTests.Root, File.ReadLines(defence).First().TrimStart('#', ' '))).ShouldBeTrue(Path.GetFileName(defence));
        }
    }
}
