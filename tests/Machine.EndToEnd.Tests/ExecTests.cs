namespace Machine.EndToEnd.Tests;

/// <summary>What a command's caller sees: bytes, codes, arguments, folders.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class ExecTests(SharedMachine shared)
{
    private readonly ProjectFolder project = shared.Project;

    [Fact]
    public async Task The_guest_runs_a_kernel_of_its_own()
    {
        // By its boot: the host may be a Debian too.
        var inside = (await project.ExecAsync("cat", "/proc/sys/kernel/random/boot_id")).ShouldSucceed().Output.Trim();

        inside.ShouldNotBe(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
        inside.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 37", 37)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    public async Task The_exit_code_is_the_commands_own(string script, int code) =>
        (await project.ExecAsync("sh", "-c", script)).ExitCode.ShouldBe(code);

    [Fact]
    public async Task A_command_that_does_not_exist_exits_127() =>
        (await project.ExecAsync("no-such-command")).ExitCode.ShouldBe(127);

    [Fact]
    public async Task Arguments_arrive_byte_for_byte()
    {
        string[] arguments = ["", " ", "a b", "new\nline", "quo'te", "dou\"ble", "$HOME", "`id`", "back\\slash", "ünïcödé 漢字 🚀", "*", "--", "-x", ";rm", "tab\there"];

        var result = await project.ExecAsync(["printf", "[%s]\\0", .. arguments]);

        result.ShouldSucceed().Output.ShouldBe(string.Concat(arguments.Select(argument => $"[{argument}]\0")));
    }

    [Fact]
    public async Task Standard_input_and_output_carry_any_byte()
    {
        var bytes = Enumerable.Range(0, 1024 * 256).Select(i => (byte)i).ToArray();

        var result = await ToolRun.RunAsync(project.Path, ["exec", "--", "cat"], bytes);

        result.ShouldSucceed().OutputBytes.ShouldBe(bytes);
    }

    [Fact]
    public async Task Standard_error_stays_apart()
    {
        var result = await project.ExecAsync("sh", "-c", "echo out; echo err >&2");

        result.Output.ShouldBe("out\n");
        result.Error.ShouldContain("err\n");
    }

    [Fact]
    public async Task A_command_runs_in_the_folder_it_was_typed_in()
    {
        project.Write("sub folder/deep/file.txt", "x");

        var result = await ToolRun.RunAsync(project["sub folder/deep"], ["exec", "--", "sh", "-c", "pwd; ls"]);

        result.ShouldSucceed().Output.ShouldBe(project["sub folder/deep"] + "\nfile.txt\n");
    }

    [Fact]
    public async Task Secrets_of_the_hosts_environment_stay_on_the_host()
    {
        var result = await ToolRun.RunAsync(
            project.Path, ["exec", "-e", "GIVEN=a b=c", "--", "env"], environment: new Dictionary<string, string?> { ["NUGET_API_KEY"] = "secret-7f3a" });

        result.ShouldSucceed().Output.ShouldContain("GIVEN=a b=c\n");
        result.Output.ShouldContain("MACHINE_INSIDE=1\n");
        result.Output.ShouldNotContain("secret-7f3a");
    }

    [Fact]
    public async Task A_long_stream_through_standard_output_arrives_whole()
    {
        // A gibibyte takes minutes under emulation; docs/measured.md has that figure.
        const long size = 1L << 27;
        using var process = ToolRun.Start(project.Path, ["exec", "--", "sh", "-c", $"head -c {size} /dev/zero | tr '\\0' 'm'"]);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var buffer = new byte[1 << 20];
        long total = 0;
        int read;
        while ((read = await process.StandardOutput.BaseStream.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0)
        {
            total += read;
            buffer.AsSpan(0, read).ContainsAnyExcept((byte)'m').ShouldBeFalse();
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        total.ShouldBe(size, await error);
        process.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_killed_client_leaves_nothing_running_inside()
    {
        using var process = ToolRun.Start(project.Path, ["exec", "--", "sh", "-c", "echo started; (setsid sleep 4711 &); sleep 4711"]);
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("started");

        process.Kill();

        await Eventually.TrueAsync(async () => (await project.ExecAsync("sh", "-c", "ps -eo args | grep -c '^sleep 471[1]'")).Output.Trim() == "0", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_clock_that_is_wrong_is_right_before_the_next_command()
    {
        // What a host that slept leaves behind.
        (await project.RootAsync("date -s @$(($(date +%s) - 3600))")).ShouldSucceed();

        var began = DateTimeOffset.UtcNow;
        Clock.ShouldBeRight(began, (await project.ExecAsync("date", "+%s")).ShouldSucceed().Output);
    }

    [Fact]
    public async Task The_ordinary_user_of_a_machine_with_docker_may_use_it()
    {
        // The script that makes the user, run for one more beside the one who is there.
        var script = await File.ReadAllTextAsync(Path.Combine(ProjectFolder.Samples, "..", "src", "Machine.Tool", "Guests", "user.sh"), TestContext.Current.CancellationToken);
        var made = await project.RootAsync($"groupadd -f docker; USER_NAME=otto USER_ID=4711 GROUP_ID=4712 USER_HOME=/home/otto; {script}\nid -nG otto; stat -c %U /home/otto");

        made.ShouldSucceed().Output.Split('\n', ' ').ShouldBe(["otto", "docker", "otto", ""], made.ToString());
    }

    [Fact]
    public async Task Two_clients_run_at_once()
    {
        var both = await Task.WhenAll(project.ExecAsync("sh", "-c", "echo one"), project.ExecAsync("sh", "-c", "echo two"));

        both.Select(result => result.ShouldSucceed().Output).ShouldBe(["one\n", "two\n"]);
    }
}
