using System.Diagnostics;

namespace Machine.Build.Tests.Forwarding;

/// <summary>The tasks in a user's own targets, and what happens when something is wrong or stopped.</summary>
public sealed class TaskTests
{
    [Fact]
    public async Task Start_exec_and_stop_in_a_users_own_target()
    {
        using var repository = new Repository().WithConsole(more: """
            <Target Name="Mine">
              <MachineStart />
              <MachineExec Command="echo &quot;$GREETING from $MACHINE_INSIDE&quot;; exit 3" EnvironmentVariables="GREETING=hi there" IgnoreExitCode="true" ConsoleToMSBuild="true">
                <Output TaskParameter="ConsoleOutput" PropertyName="Said" />
                <Output TaskParameter="ExitCode" PropertyName="Code" />
              </MachineExec>
              <MachineExec Arguments="printf;%25s;a b" ConsoleToMSBuild="true" WorkingDirectory="$(MSBuildProjectDirectory)/..">
                <Output TaskParameter="ConsoleOutput" PropertyName="Verbatim" />
              </MachineExec>
              <MachineStop />
              <Message Importance="high" Text="said=[$(Said)] code=$(Code) verbatim=[$(Verbatim)]" />
            </Target>
            """);

        var run = await repository.DotnetAsync("msbuild", "App", "-t:Mine");

        run.ShouldSucceed().Output.ShouldContain("said=[hi there from 1] code=3 verbatim=[a b]");
        repository.Requests.Select(request => request.Split('|')[0]).ShouldBe(["start", "exec", "exec", "stop"]);
    }

    [Fact]
    public async Task A_failed_command_is_an_error_with_its_own_words()
    {
        using var repository = new Repository().WithConsole(more: """
            <Target Name="Mine"><MachineExec Command="echo broken >&amp;2; exit 9" /></Target>
            """);

        var run = await repository.DotnetAsync("msbuild", "App", "-t:Mine");

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldContain("error MACHINE002: echo broken >&2; exit 9 failed with exit code 9: broken");
    }

    [Fact]
    public async Task Without_the_tool_one_error_says_how_to_get_it()
    {
        using var repository = new Repository().WithConsole();

        var run = await repository.DotnetAsync("build", "App", "-p:MachineToolPath=" + repository.At("missing"));

        run.ExitCode.ShouldBe(1);
        run.Output.ShouldContain("error MACHINE001");
        repository.Compiled("App").ShouldBeEmpty();
    }

    // .NET gives an empty path for a home folder that does not exist; what is looked for below it would be looked for in the repository.
    [Theory]
    [InlineData("/nonexistent")]
    [InlineData(".home")]
    public async Task A_program_of_the_repository_is_not_the_tool_where_the_user_has_no_home_of_his_own(string home)
    {
        using var repository = new Repository().WithConsole();
        Directory.CreateDirectory(repository[".git"]);
        foreach (var folder in new[] { ".dotnet/tools", "App/.dotnet/tools", ".home/.dotnet/tools" })
        {
            repository.Write(folder + "/dotnet-machine", $"#!/bin/sh\ntouch '{repository.At("planted")}'\n");
            File.SetUnixFileMode(repository[folder + "/dotnet-machine"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var environment = repository.Environment();
        environment["MachineToolPath"] = "";
        environment["HOME"] = home.StartsWith('/') ? home : repository[home];
        environment["DOTNET_CLI_HOME"] = repository.At("cli-home");
        var run = await ProcessRun.RunAsync("dotnet", repository.Path, ["build", "App"], environment);

        run.ExitCode.ShouldBe(1, run.ToString());
        run.Output.ShouldContain("error MACHINE001");
        File.Exists(repository.At("planted")).ShouldBeFalse();
    }

    [Fact]
    public async Task Interrupting_the_build_ends_the_command_inside()
    {
        using var repository = new Repository().WithConsole(more: """
            <Target Name="Mine"><MachineExec Arguments="sleep;600" /></Target>
            """);
        using var build = repository.Start("msbuild", "App", "-t:Mine");
        var inside = await PidAsync(repository.At("inside.pid"));

        (await ProcessRun.RunAsync("kill", repository.Path, ["-INT", build.Id.ToString()], new Dictionary<string, string?>())).ShouldSucceed();

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await build.WaitForExitAsync(limit.Token);
        }
        finally
        {
            build.Kill(entireProcessTree: true);
        }

        Directory.Exists($"/proc/{inside}").ShouldBeFalse();
    }

    [Fact]
    public async Task Inside_nothing_is_forwarded()
    {
        using var repository = new Repository().WithConsole();

        (await repository.NativeAsync("build", "App")).ShouldSucceed();

        repository.Requests.ShouldBeEmpty();
        repository.Compiled("App").ShouldBe(["[1] App net10.0 Debug"]);
    }

    private static async Task<string> PidAsync(string file)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (File.Exists(file) && File.ReadAllText(file) is { Length: > 1 } text)
            {
                return text.Trim();
            }

            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
