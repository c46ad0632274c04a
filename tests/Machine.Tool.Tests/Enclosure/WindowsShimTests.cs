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
}
