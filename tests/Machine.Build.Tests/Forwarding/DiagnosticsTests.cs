using System.Text.RegularExpressions;

namespace Machine.Build.Tests.Forwarding;

/// <summary>What a forwarded build shows is what the native build of the same project shows: the same lines, once.</summary>
public sealed partial class DiagnosticsTests
{
    private const string Warning = "int unused = 1;\nSystem.Console.WriteLine(\"hello\");\n";
    private const string Error = "int unused = 1;\nint number = \"text\";\n";

    [Fact]
    public async Task An_error_and_a_warning_have_file_line_column_code_and_project()
    {
        using var repository = new Repository().WithConsole(program: Error);
        var native = await repository.NativeAsync("build", "App", "--tl:off");
        Directory.Delete(repository["App/obj"], recursive: true);

        var forwarded = await repository.DotnetAsync("build", "App", "--tl:off");

        forwarded.ExitCode.ShouldBe(1, forwarded.ToString());
        native.ExitCode.ShouldBe(1);
        Diagnostics(forwarded).ShouldBe(Diagnostics(native), forwarded.ToString());
        Diagnostics(forwarded).ShouldContain(line => line.StartsWith($"{repository["App/Program.cs"]}(2,14): error CS0029:", StringComparison.Ordinal));
        forwarded.Output.ShouldContain("1 Error(s)");
        repository.Requests.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_warning_fails_the_build_where_warnings_are_errors()
    {
        using var repository = new Repository().WithConsole(program: Warning);

        var plain = await repository.DotnetAsync("build", "App", "--tl:off");
        var strict = await repository.DotnetAsync("build", "App", "--tl:off", "--no-incremental", "-warnaserror:CS0219");

        plain.ShouldSucceed().Output.ShouldContain("1 Warning(s)");
        strict.ExitCode.ShouldBe(1, strict.ToString());
        strict.Output.ShouldContain($"{repository["App/Program.cs"]}(1,5): error CS0219:");
        repository.Compiled("App").ShouldAllBe(line => line.StartsWith("[1]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_terminal_logger_counts_them_too()
    {
        using var repository = new Repository().WithConsole(program: Error);

        var build = await repository.DotnetAsync("build", "App", "--tl:on");

        build.ExitCode.ShouldBe(1);
        Escapes().Replace(build.Output, "").ShouldContain("1 error(s)", customMessage: build.ToString());
    }

    [Fact]
    public async Task A_binary_log_holds_them_too()
    {
        using var repository = new Repository().WithConsole(program: Error);
        await repository.DotnetAsync("build", "App", "-bl:" + repository["build.binlog"]);

        var replay = await repository.DotnetAsync("msbuild", "build.binlog");

        Diagnostics(replay).ShouldContain(line => line.StartsWith($"{repository["App/Program.cs"]}(2,14): error CS0029:", StringComparison.Ordinal), replay.ToString());
        repository.Requests.Length.ShouldBe(2, "the replay builds nothing");
    }

    private static List<string> Diagnostics(Outcome outcome) =>
        [.. outcome.Output.Split('\n').Select(line => line.Trim()).Where(line => DiagnosticLine().IsMatch(line)).Distinct().Order(StringComparer.Ordinal)];

    [GeneratedRegex(@": (error|warning) \w+\d+: ")]
    private static partial Regex DiagnosticLine();

    [GeneratedRegex(@"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)")]
    private static partial Regex Escapes();
}
