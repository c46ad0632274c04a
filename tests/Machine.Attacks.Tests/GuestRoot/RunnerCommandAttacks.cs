using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Machine.Tool.Control;
using Machine.Tool.Hosting.Output;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A guest writes to a pipeline's log. The canary is a line that the runner would obey.</summary>
public sealed class RunnerCommandAttacks
{
    [Theory]
    [InlineData("::set-env name=PATH::/evil", ": :set-env name=PATH::/evil")]
    [InlineData("::add-path::/evil", ": :add-path::/evil")]
    [InlineData("::stop-commands::x", ": :stop-commands::x")]
    [InlineData("::Error file=a::b", ": :Error file=a::b")]
    [InlineData("first\n::add-mask::a", "first\n: :add-mask::a")]
    [InlineData("first\r::add-mask::a", "first\r: :add-mask::a")]
    [InlineData("first\r\n  \t ::add-mask::a", "first\r\n  \t : :add-mask::a")]
    [InlineData("\u00a0\u3000::add-mask::a", "\u00a0\u3000: :add-mask::a")]
    [InlineData("\u001b[31m::add-mask::a", "\u001b[31m: :add-mask::a")]
    [InlineData("\u001b[0K\u001b(B ::add-mask::a", "\u001b[0K\u001b(B : :add-mask::a")]
    [InlineData("\ufeff::add-mask::a", "\ufeff: :add-mask::a")]
    [InlineData("\u200d::add-mask::a", "\u200d: :add-mask::a")]
    [InlineData(":\u200d:add-mask::a", ": \u200d:add-mask::a")]
    [InlineData(":\u0000:add-mask::a", ": \u0000:add-mask::a")]
    [InlineData("##vso[task.setvariable variable=PATH]/evil", "# #vso[task.setvariable variable=PATH]/evil")]
    [InlineData("text ##vso[task.prependpath]/evil", "text # #vso[task.prependpath]/evil")]
    [InlineData("##VSO[task.prependpath]/evil", "# #VSO[task.prependpath]/evil")]
    [InlineData("###vso[task.prependpath]/evil", "## #vso[task.prependpath]/evil")]
    [InlineData("##v##vso[task.prependpath]/evil", "##v# #vso[task.prependpath]/evil")]
    [InlineData("##\u00advso[task.prependpath]/evil", "# #\u00advso[task.prependpath]/evil")]
    [InlineData("##v\u0001so[task.prependpath]/evil", "# #v\u0001so[task.prependpath]/evil")]
    [InlineData("##[group]x", "# #[group]x")]
    [InlineData("a ##[add-path]/evil", "a # #[add-path]/evil")]
    [InlineData("##teamcity[publishArtifacts '/root/.ssh']", "# #teamcity[publishArtifacts '/root/.ssh']")]
    [InlineData("  ##TeamCity[setParameter name='env.PATH' value='/evil']", "  # #TeamCity[setParameter name='env.PATH' value='/evil']")]
    [InlineData("#::a\n:::add-path::/evil", "#::a\n:::add-path::/evil")]
    public void A_command_for_the_runner_becomes_text(string written, string shown)
    {
        var bytes = Encoding.UTF8.GetBytes(written);
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            Filtered(bytes[..cut], bytes[cut..]).ShouldBe(shown, $"cut at {cut}");
        }
    }

    // A log is one stream: the runner joins what two commands, or both streams of one, left on a line.
    [Theory]
    [InlineData(":", ":add-path::/evil")]
    [InlineData("\n  :", ":add-path::/evil")]
    [InlineData("::", "add-path::/evil")]
    [InlineData(":\u200d", ":add-path::/evil")]
    [InlineData("#", "#vso[task.prependpath]/evil")]
    [InlineData("text ##v", "so[task.prependpath]/evil")]
    [InlineData("##", "[add-path]/evil")]
    [InlineData("##teamcit", "y[publishArtifacts '/root/.ssh']")]
    public void A_command_of_two_halves_is_none(string first, string second)
    {
        var log = Filtered(Encoding.UTF8.GetBytes(first)) + Filtered(Encoding.UTF8.GetBytes(second));
        new RunnerFilter().ShouldSatisfyAllConditions(again => _ = again.Pass(Encoding.UTF8.GetBytes(log)), again => again.Defused.ShouldBe(0, log));
    }

    [Fact]
    public void Padding_hides_no_command()
    {
        var padded = "##" + new string('\u200d', 5000) + "vso[task.prependpath]/evil";
        Filtered(Encoding.UTF8.GetBytes(padded)).ShouldStartWith("# #");
        Filtered(Encoding.UTF8.GetBytes(":" + new string('\u200d', 5000) + ":add-path::/evil")).ShouldStartWith(": \u200d");
    }

    [Theory]
    [InlineData("Determining projects to restore...\n  All projects are up-to-date.\n")]
    [InlineData("a::b ::c:: std::string\n ::1 :: \n:\n::\n")]
    [InlineData("# Title\n## Second\n### Third ##\n#!/bin/sh\n##machine-build[1]\tE\t0\n##vs ##team ##vso ##v[.")]
    [InlineData("\u001b[31m#\u001b[0m \u001b[1mred\u001b[0m\r 50%\r100%\n")]
    [InlineData("测试::foo é::bar Ж::x\n#标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题标题\n")]
    [InlineData("")]
    public void What_no_runner_obeys_passes_byte_for_byte(string written)
    {
        var bytes = Encoding.UTF8.GetBytes(written);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Filtered(bytes[..cut], bytes[cut..]).ShouldBe(written, $"cut at {cut}");
        }
    }

    [Fact]
    public void All_bytes_pass() => new RunnerFilter().Pass(Enumerable.Range(0, 256).Select(i => (byte)i).ToArray()).ToArray().ShouldBe(Enumerable.Range(0, 256).Select(i => (byte)i));

    [Fact]
    public void However_it_is_cut_the_same_passes_and_only_spaces_are_added() =>
        Prop.ForAll(Gen.Elements("#:[]vsoteamcityVSO \n\ra\u0001\u001b"u8.ToArray()).ArrayOf().ArrayOf().ToArbitrary(), pieces =>
        {
            var all = pieces.SelectMany(piece => piece).ToArray();
            var shown = Filtered(all);
            return Filtered(pieces) == shown
                && shown.Replace(" ", "", StringComparison.Ordinal) == Encoding.UTF8.GetString(all).Replace(" ", "", StringComparison.Ordinal)
                && !shown.Contains("##[", StringComparison.Ordinal) && !shown.Contains("##vso[", StringComparison.OrdinalIgnoreCase)
                && !shown.Split('\n', '\r').Any(line => line.TrimStart().StartsWith("::", StringComparison.Ordinal) && line.TrimStart().Length > 2 && char.IsAsciiLetter(line.TrimStart()[2]));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Theory]
    [InlineData("GITHUB_ACTIONS", "true")]
    [InlineData("TF_BUILD", "True")]
    [InlineData("TEAMCITY_VERSION", "2025.1")]
    public async Task A_command_in_a_pipeline_gives_the_runner_no_orders(string variable, string value)
    {
        await using var client = await ClientUnderAttack.StartAsync("echo '::add-path::/evil'; echo 'x ##vso[task.prependpath]/evil' >&2; printf ' ##teamcity[x]\\n#'; exit 7");

        var outcome = await client.RunAsync(client.Variables((variable, value)), "exec", "x");

        outcome.ExitCode.ShouldBe(7, outcome.ToString());
        outcome.Output.ShouldBe(": :add-path::/evil\n # #teamcity[x]\n# ");
        outcome.Error.ShouldStartWith("x # #vso[task.prependpath]/evil\n");
        outcome.Error.ShouldContain("3 commands for the pipeline in the output made text; MACHINE_RAW=1");
    }

    [Fact]
    public async Task The_switch_lets_them_through()
    {
        await using var client = await ClientUnderAttack.StartAsync("echo '::notice::tests passed'");

        (await client.RunAsync(client.Variables(("GITHUB_ACTIONS", "true"), ("MACHINE_RAW", "1")), "exec", "x")).Output.ShouldBe("::notice::tests passed\n");
        (await client.RunAsync(client.Variables(("GITHUB_ACTIONS", "true")), "exec", "--raw", "x")).Output.ShouldBe("::notice::tests passed\n");
    }

    [Fact]
    public async Task A_file_gets_every_byte_in_a_pipeline_too()
    {
        await using var client = await ClientUnderAttack.StartAsync("printf '::x::\\0##[y]\\201'");
        var target = client.At("out.bin");
        var script = client.Write("run.sh", $"'{Machine.Tool.Tests.Commands.ToolProcess.Program}' exec x > '{target}'");
        using var shell = System.Diagnostics.Process.Start(Start(client, script))!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        File.ReadAllBytes(target).ShouldBe([.. "::x::\0##[y]"u8, 0x81]);
    }

    [Fact]
    public async Task Our_own_messages_carry_no_commands_of_a_guest()
    {
        await using var client = await ClientUnderAttack.StartAsync("", (_, _) => Task.FromResult(
            new ControlEvent { Failure = new ControlFailure("the guest said:\n  ::add-path::/evil\n  ##vso[task.prependpath]/evil", "see\n::add-path::/evil", 125) }));

        var outcome = await client.RunAsync(client.Variables(("GITHUB_ACTIONS", "true")), "exec", "x");

        var lines = outcome.Error.Split('\n');
        lines.ShouldNotContain(line => line.TrimStart().StartsWith("::add-path", StringComparison.Ordinal));
        lines.Where(line => !line.StartsWith("::error title=machine::", StringComparison.Ordinal)).ShouldNotContain(line => line.Contains("##vso[", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("::error title=machine::", StringComparison.Ordinal), "its own failure is still shown on the page");
    }

    private static System.Diagnostics.ProcessStartInfo Start(ClientUnderAttack client, string script)
    {
        var start = new System.Diagnostics.ProcessStartInfo("/bin/sh", [script]) { WorkingDirectory = client.At("project") };
        start.Environment["MACHINE_HOME"] = client.Home;
        client.Variables(("GITHUB_ACTIONS", "true")).ToList().ForEach(variable => start.Environment[variable.Key] = variable.Value);
        return start;
    }

    private static string Filtered(params byte[][] pieces)
    {
        var filter = new RunnerFilter();
        var all = new List<byte>();
        foreach (var piece in pieces)
        {
            all.AddRange(filter.Pass(piece));
        }

        all.AddRange(filter.End());
        return Encoding.UTF8.GetString([.. all]);
    }
}
