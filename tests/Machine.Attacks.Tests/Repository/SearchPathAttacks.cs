using Machine.Tool.Hosting;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A repository brings programs under the names of those that the tool starts on the host.</summary>
public sealed class SearchPathAttacks : IDisposable
{
    private static readonly string[] Names =
    [
        "ssh", "ssh-keygen", "qemu-img", "qemu-system-x86_64", "qemu-system-aarch64", "unshare", "setsid", "sh", "du", "dotnet", "tar", "zstd", "mmdebstrap", "apt-config", "apt-get",
        "newuidmap", "newgidmap", "mke2fs", "mkfs.ext4", "which", "npm", "git", "script",
    ];

    private readonly ToolProcess tool = new();

    public void Dispose() => tool.Dispose();

    private string Canary => Path.Combine(tool.Home, "ran");

    [Theory]
    [InlineData("", "PATH")]
    [InlineData("", ":PATH")]
    [InlineData("", "PATH:")]
    [InlineData("", "/usr/bin::PATH")]
    [InlineData("", ".:PATH")]
    [InlineData("", "./:PATH")]
    [InlineData("node_modules/.bin", "node_modules/.bin:PATH")]
    [InlineData("node_modules/.bin", "./node_modules/.bin:PATH")]
    [InlineData("bin", "../project/bin:PATH")]
    public async Task No_program_of_a_repository_runs_on_the_host_by_its_name(string folder, string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs here are shell scripts");
        tool.Write("project/Machinefile", "");
        foreach (var name in Names)
        {
            var program = tool.Write(Path.Combine("project", folder, name), $"#!/bin/sh\necho {name} >> '{Canary}'\n");
            File.SetUnixFileMode(program, (UnixFileMode)0x1ED);
        }

        // It runs most of the programs that there are, and starts no machine.
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = path.Replace("PATH", Environment.GetEnvironmentVariable("PATH"), StringComparison.Ordinal),
            ["MACHINE_ACCELERATOR"] = "tcg",
        };
        var outcome = await tool.RunAsync(variables, "doctor", "--json");

        outcome.Output.ShouldContain("\"name\"", customMessage: outcome.ToString());
        (File.Exists(Canary) ? await File.ReadAllTextAsync(Canary, TestContext.Current.CancellationToken) : "").ShouldBe("");
    }

    [Theory]
    [InlineData("", "means whatever folder you stand in")]
    [InlineData(".", "means whatever folder you stand in")]
    [InlineData("node_modules/.bin", "means whatever folder you stand in")]
    [InlineData("PROJECT/bin", "lies in the project")]
    [InlineData("PROJECT", "lies in the project")]
    public async Task Doctor_names_a_search_path_through_which_a_shell_would_run_them(string entry, string meaning)
    {
        tool.Write("project/Machinefile", "");
        tool.Write("project/bin/ssh", "");
        var path = entry.Replace("PROJECT", tool.Project, StringComparison.Ordinal) + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        var outcome = await tool.RunAsync(new Dictionary<string, string> { ["PATH"] = path, ["MACHINE_ACCELERATOR"] = "tcg" }, "doctor");
        outcome.Output.ShouldContain(meaning);
    }

    [Theory]
    [InlineData("ssh")]
    [InlineData("./ssh")]
    [InlineData("bin/ssh")]
    public void A_program_is_started_by_its_whole_path(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the separators are Unix's");
        SearchPath.Folders(string.Join(':', "", ".", "bin", "/usr/bin", "./x", "..")).ShouldBe(["/usr/bin"]);
        try
        {
            Path.IsPathFullyQualified(HostProgram.Resolve(name)).ShouldBeTrue();
        }
        catch (MachineException e)
        {
            e.Message.ShouldContain("is not installed");
        }
    }

    // NuGet starts plug-ins that are libraries with "dotnet", and .NET looks for a bare name in the current folder, too.
    [Theory]
    [InlineData(null)]
    [InlineData("dotnet")]
    [InlineData("./dotnet")]
    public void A_dotnet_of_the_project_never_runs_the_users_credential_provider(string? named)
    {
        const string Host = "DOTNET_HOST_PATH";
        var before = Environment.GetEnvironmentVariable(Host);
        Environment.SetEnvironmentVariable(Host, named);
        try
        {
            using var credentials = Machine.Tool.Packages.PluginCredentials.OfThisUser(NuGet.Common.NullLogger.Instance);

            var host = Environment.GetEnvironmentVariable(Host)!;
            Path.IsPathFullyQualified(host).ShouldBeTrue(host);
            host.ShouldBe(HostProgram.Find("dotnet"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Host, before);
        }
    }
}
