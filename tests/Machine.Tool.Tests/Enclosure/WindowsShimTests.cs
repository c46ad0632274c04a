using Machine.Shim.Windows;

namespace Machine.Tool.Tests.Enclosure;

/// <summary>The only part of the Windows shim that runs elsewhere: how the child's command line is made.</summary>
public sealed class WindowsShimTests
{
    [Theory]
    [InlineData("dotnet build \"a b\"", " build \"a b\"")]
    [InlineData("\"C:\\Program Files\\dotnet\\dotnet.exe\"  test --filter \"A=\\\"x\\\"\"", "  test --filter \"A=\\\"x\\\"\"")]
    [InlineData("dotnet", "")]
    [InlineData("dot\"n e\"t  ''", "  ''")]
    public void The_arguments_are_the_characters_that_followed(string line, string tail) => CommandTail.AfterProgram(line).ShouldBe(tail);

    [Theory]
    [InlineData(" machine status", " status")]
    [InlineData(" \"machine\" \"a b\"", " \"a b\"")]
    [InlineData(" machinex", " machinex")]
    public void The_word_machine_is_taken_away(string tail, string rest) => CommandTail.AfterWord(tail, "machine").ShouldBe(rest);

    [Theory]
    [InlineData("C:\\a b\\", "\"C:\\a b\\\\\"")]
    [InlineData("a\"b", "\"a\\\"b\"")]
    [InlineData("a\\\"b", "\"a\\\\\\\"b\"")]
    public void Our_own_words_are_quoted(string word, string quoted) => CommandTail.Quoted(word).ShouldBe(quoted);

    [Theory]
    [InlineData("dotnet build \"a b\"", "build", "\"C:\\a b\\dotnet.exe\" \"C:\\t\\tool.dll\" dotnet build \"a b\"")]
    [InlineData("\"C:\\d n\\dotnet.exe\" machine status --json", "machine", "\"C:\\a b\\dotnet.exe\" \"C:\\t\\tool.dll\" status --json")]
    [InlineData("dotnet", null, "\"C:\\a b\\dotnet.exe\" \"C:\\t\\tool.dll\" dotnet")]
    public void The_child_gets_the_tools_words_and_then_what_was_typed(string line, string? verb, string child) =>
        CommandTail.ForTool([@"C:\root", @"C:\a b\dotnet.exe", @"C:\t\tool.dll"], line, verb is null ? [] : [verb]).ShouldBe(child);
}
