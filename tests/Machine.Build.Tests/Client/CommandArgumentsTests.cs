using Machine.Build.Client;

namespace Machine.Build.Tests.Client;

public sealed class CommandArgumentsTests
{
    [Fact]
    public async Task Arguments_arrive_as_they_were()
    {
        string[] arguments = ["-c", "printf '%s\\n' \"$@\"", "sh", "", "a b", "\"", "\\", "a\\\"b", "c\\\\ d\\", "$HOME;*", "tab\tbed"];
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh", CommandArguments.Join(arguments)) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        output.TrimEnd('\n').Split('\n').ShouldBe(arguments[3..]);
    }

    [Fact]
    public async Task A_line_without_end_is_cut_and_the_next_is_whole()
    {
        var lines = new List<string>();

        await BoundedLines.ReadAsync(new StringReader(new string('x', BoundedLines.Most + 50_000) + "\r\nnext\nlast"), lines.Add);

        lines.Select(line => line.Length).ShouldBe([BoundedLines.Most, 4, 4]);
        lines[^1].ShouldBe("last");
    }
}
