using System.Diagnostics;
using Machine.Tool.Commands;
using Machine.Tool.Commands.Completions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Commands;

public sealed class CompletionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-complete-").FullName;

    public static TheoryData<string, string> Lines => new()
    {
        { "dotnet-machine vo", "volume" },
        { "dotnet-machine volume ", "list rm export import compact" },
        { "dotnet-machine volume l", "list" },
        { "dotnet-machine apply --o", "--overwrite" },
        { "dotnet-machine up --app", "--approve" },
        { "dotnet machine docto", "doctor" },
        { "dotnet-machine docs l", "limits" },
        { "dotnet machine image pr", "prune" },
        { "dotnet-machine completions p", "pwsh" },
    };

    private static IReadOnlyList<CompletionPlace> Places => CompletionTree.Of(CommandLine.Root());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Bash_completes(string line, string expected)
    {
        var words = line.Split(' ');
        var script = BashCompletion.Script(Places) + $$"""
            COMP_WORDS=({{string.Join(' ', words.Select(word => $"'{word}'"))}})
            COMP_CWORD={{words.Length - 1}}
            completer=$(complete -p {{words[0]}} | sed 's/.*-F \([^ ]*\).*/\1/')
            "$completer"
            echo "${COMPREPLY[*]}"

            """;

        (await ShellAsync("bash", script)).ShouldBe(expected);
    }

    [Fact]
    public async Task Bash_leaves_what_completed_dotnet_before_in_place()
    {
        var script = "theirs() { COMPREPLY=(theirs \"$1\"); }\ncomplete -F theirs dotnet\n" + BashCompletion.Script(Places) + BashCompletion.Script(Places)
            + "COMP_WORDS=(dotnet bu); COMP_CWORD=1\n_dotnet_machine_in_dotnet dotnet; echo \"${COMPREPLY[*]}\"\n";

        (await ShellAsync("bash", script)).ShouldBe("theirs dotnet");
    }

    [Fact]
    public async Task Bash_completes_nothing_of_ours_after_a_verb_that_passes_everything_on()
    {
        var script = BashCompletion.Script(Places) + "COMP_WORDS=(dotnet-machine exec -- vo); COMP_CWORD=3\n_dotnet_machine; echo \"[${COMPREPLY[*]}]\"\n";

        (await ShellAsync("bash", script)).ShouldBe("[]");
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public async Task Fish_completes(string line, string expected)
    {
        var script = FishCompletion.Script(Places) + $"complete -C '{line}' | string split -f1 \\t\n";

        (await ShellAsync("fish", script)).Split('\n').ShouldBe(expected.Split(' '), ignoreOrder: true);
    }

    [Fact]
    public async Task Zsh_reads_the_script() =>
        (await ShellAsync("zsh", ZshCompletion.Script(Places) + "print ${_comps[dotnet-machine]} ${_comps[dotnet]}\n")).ShouldBe("_dotnet_machine _dotnet_machine_in_dotnet");

    [Theory]
    [MemberData(nameof(HelpTests.Verbs), MemberType = typeof(HelpTests))]
    public void Every_verb_is_in_every_script(string verb)
    {
        var place = "/" + verb.Replace(' ', '/');

        BashCompletion.Script(Places).ShouldContain($"'{place}'");
        ZshCompletion.Script(Places).ShouldContain(place);
        FishCompletion.Script(Places).ShouldContain($"'{place}'");
        PowerShellCompletion.Script(Places).ShouldContain($"'{place}'");
    }

    [Fact]
    public void A_hidden_verb_is_in_none() =>
        Places.ShouldNotContain(place => place.Path == "/schema");

    private async Task<string> ShellAsync(string shell, string script)
    {
        if (HostProgram.Find(shell) is not { } program)
        {
            Assert.Skip($"{shell} is not installed");
            return "";
        }

        var file = Path.Combine(folder, "script");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo(program, shell == "bash" ? ["--noprofile", "--norc", file] : shell == "zsh" ? ["-f", file] : ["--no-config", file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        start.Environment["HOME"] = folder;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        (await error).ShouldBeEmpty();
        return output.TrimEnd('\n');
    }
}
