using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Machine.Tool.Commands;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Commands;

public sealed class ExecArgumentTests
{
    [Theory]
    [InlineData(new[] { "ls" }, 0)]
    [InlineData(new[] { "ls", "--", "-x" }, 0)]
    [InlineData(new[] { "--", "ls" }, 1)]
    [InlineData(new[] { "--", "--", "ls" }, 1)]
    [InlineData(new[] { "--", "-e", "A=1" }, 1)]
    [InlineData(new[] { "-e", "A=1", "ls", "-e", "B" }, 2)]
    [InlineData(new[] { "-e", "A", "--env", "B=x=y", "--", "ls" }, 5)]
    [InlineData(new[] { "", "x" }, 0)]
    [InlineData(new[] { "-" }, 0)]
    [InlineData(new[] { "a b", "--help" }, 0)]
    public void The_command_begins_where_the_options_end(string[] args, int first) =>
        ExecCommand.Parse(args).First.ShouldBe(first);

    [Fact]
    public void Variables_keep_their_value_whole_and_one_without_a_value_is_the_hosts()
    {
        var variables = ExecCommand.Parse(["-e", "A", "-e", "B=x=y z", "-e", "C=", "ls"]).Variables;

        variables.ShouldBe(new Dictionary<string, string?> { ["A"] = null, ["B"] = "x=y z", ["C"] = "" }, ignoreOrder: true);
    }

    [Theory]
    [InlineData]
    [InlineData("--")]
    [InlineData("-e")]
    [InlineData("-e", "A=1")]
    [InlineData("-e", "=1", "ls")]
    [InlineData("--unknown", "ls")]
    [InlineData("-x")]
    public void What_names_no_command_is_wrong_usage(params string[] args) =>
        Should.Throw<MachineException>(() => ExecCommand.Parse(args)).ExitCode.ShouldBe(ExitCode.Usage);

    [Fact]
    public void What_follows_the_double_dash_is_the_commands_whatever_it_is() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyArray<NonNull<string>>>(), words =>
        {
            var command = words.Get.Select(word => word.Get).ToArray();
            var (variables, first, _) = ExecCommand.Parse(["-e", "A=1", "--", .. command]);
            return first == 3 && variables.Count == 1;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Bytes_that_are_not_text_stay_as_they_are()
    {
        byte[] line = [.. "dotnet-machine\0exec\0--\0"u8, 0xff, 0xfe, 0, 0, .. "\n'\" $x"u8, 0];

        RawArguments.Split(line)[3..].ShouldBe([[0xff, 0xfe], [], Encoding.UTF8.GetBytes("\n'\" $x")]);
    }
}
