using System.Text;

namespace Machine.EndToEnd.Tests;

/// <summary>The main promise: a real solution is restored, built and tested inside, and its outputs come back.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class ShopTests(ShopTests.BuiltShop shop) : IClassFixture<ShopTests.BuiltShop>
{
    private readonly ProjectFolder project = shop.Project;

    [Fact]
    public void Restore_and_build_succeed_and_the_outputs_are_on_the_host()
    {
        shop.Build.ShouldSucceed();
        File.Exists(project["src/Shop.Core/bin/Debug/netstandard2.0/Shop.Core.dll"]).ShouldBeTrue(shop.Build.ToString());
        File.Exists(project["src/Shop.Core/bin/Debug/net10.0/Shop.Core.dll"]).ShouldBeTrue();
        File.Exists(project["src/Shop.Web/bin/Debug/net10.0/Shop.Web.dll"]).ShouldBeTrue();
        File.GetUnixFileMode(project["src/Shop.Cli/bin/Debug/net10.0/Shop.Cli"]).HasFlag(UnixFileMode.UserExecute).ShouldBeTrue();
        Directory.Exists(project["src/Shop.Core/obj"]).ShouldBeFalse();
    }

    [Fact]
    public async Task The_image_has_what_the_sdk_would_make_at_its_first_use_as_root() =>
        // Born before the boot: who is root inside would find what the SDK made meanwhile.
        (await project.ExecAsync("sh", "-c", "test $(stat -c %W \"$(dirname \"$(readlink -f \"$(command -v dotnet)\")\")/metadata\") -lt $(date -d \"$(uptime -s)\" +%s)"))
            .ShouldSucceed();

    [Fact]
    public void The_assembly_names_the_commit_that_git_inside_told()
    {
        shop.Build.ShouldSucceed();
        // SourceLink asks git's own files for it, through the workspace.
        Encoding.Latin1.GetString(File.ReadAllBytes(project["src/Shop.Core/bin/Debug/net10.0/Shop.Core.dll"])).ShouldContain($"+{shop.Commit}");
    }

    [Fact]
    public async Task An_added_package_is_a_guarded_change_that_is_shown_and_applied_by_name()
    {
        (await project.RunAsync("dotnet", "add", "src/Shop.Cli", "package", "Humanizer.Core")).ShouldSucceed();
        const string File = "Directory.Packages.props";
        (await project.RunAsync("changes", "--diff", File)).ShouldSucceed().Output.ShouldContain("+    <PackageVersion Include=\"Humanizer.Core\"");
        System.IO.File.ReadAllText(project[File]).ShouldNotContain("Humanizer.Core");

        (await project.RunAsync("apply", File, "src/Shop.Cli/Shop.Cli.csproj")).ShouldSucceed();

        System.IO.File.ReadAllText(project[File]).ShouldContain("Humanizer.Core");
        System.IO.File.ReadAllText(project["src/Shop.Cli/Shop.Cli.csproj"]).ShouldContain("Humanizer.Core");
    }

    [Fact]
    public async Task What_format_changes_is_held_and_applied()
    {
        var source = project["src/Shop.Cli/Program.cs"];
        var before = await File.ReadAllTextAsync(source, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(source, before + "\n\n        class   Untidy{}\n", TestContext.Current.CancellationToken);

        (await project.RunAsync("format", "whitespace", "--no-restore", "src/Shop.Cli")).ShouldSucceed();

        (await project.RunAsync("changes", "--diff", "src/Shop.Cli/Program.cs")).ShouldSucceed().Output.ShouldContain("+class Untidy");
        (await project.RunAsync("apply", "src/Shop.Cli/Program.cs")).ShouldSucceed();
        (await File.ReadAllTextAsync(source, TestContext.Current.CancellationToken)).ShouldContain("class Untidy");
    }

    [Fact]
    public async Task Tests_pass_inside_with_their_results_here_and_a_failing_one_fails_as_on_the_host_with_its_paths()
    {
        var passing = await project.RunAsync("test", "--no-build", "--logger", "trx");

        passing.ShouldSucceed().Output.ShouldContain("Passed!");
        Directory.EnumerateFiles(project["tests/Shop.Tests/TestResults"], "*.trx").ShouldNotBeEmpty();

        const string Source = "tests/Shop.Tests/Failing.cs";
        project.Write(Source, "namespace Shop.Tests;\npublic class Failing\n{\n    [Fact(DisplayName = \"two words, 'quoted'\")]\n    public void Always() => Assert.Equal(\"a\", \"b\");\n}\n");
        try
        {
            var failing = await project.RunAsync("test", "--no-restore", "tests/Shop.Tests", "--filter", "DisplayName=two words, 'quoted'");

            failing.ExitCode.ShouldBe(1, failing.ToString());
            failing.Output.ShouldContain("Failed two words, 'quoted'");
            failing.Output.ShouldContain("Assert.Equal() Failure");
            failing.Output.ShouldContain($"{project[Source]}:line 5");
            failing.Output.ShouldContain("Failed:     1, Passed:     0");
        }
        finally
        {
            File.Delete(project[Source]);
        }
    }

    [Fact]
    public async Task A_compile_error_names_the_hosts_path_and_fails()
    {
        project.Write("src/Shop.Cli/Broken.cs", "class Broken { int x = \"no\"; }\n");
        try
        {
            var result = await project.RunAsync("build", "--no-restore", "src/Shop.Cli");

            result.ExitCode.ShouldBe(1, result.ToString());
            result.Output.ShouldContain($"{project["src/Shop.Cli/Broken.cs"]}(1,24): error CS0029");
        }
        finally
        {
            File.Delete(project["src/Shop.Cli/Broken.cs"]);
        }
    }

    [Fact]
    public async Task Plain_dotnet_in_a_subfolder_builds_inside_and_the_assembly_is_the_hosts_own_byte_for_byte()
    {
        const string Core = "src/Shop.Core";
        const string Assembly = "bin/Release/net10.0/Shop.Core.dll";
        string[] build = ["build", "-c", "Release", "-f", "net10.0", "-p:ContinuousIntegrationBuild=true", "-p:Deterministic=true"];
        var native = project.Path + "-native";
        ProjectFolder.CopyFolder(project.Path, native);
        await ProjectFolder.HostInAsync(Path.Combine(native, Core), "dotnet", [.. build, "--disable-build-servers"]);

        (await project.RunAsync("init")).ShouldSucceed();
        await ProjectFolder.HostInAsync(project[Core], "dotnet", build);

        // Built here it would lie on the host; what is no output stays inside.
        Directory.Exists(project[Core + "/obj"]).ShouldBeFalse();
        File.ReadAllBytes(Path.Combine(project[Core], Assembly)).ShouldBe(File.ReadAllBytes(Path.Combine(native, Core, Assembly)));
    }

    [Fact]
    public async Task A_restore_after_stop_and_start_downloads_nothing()
    {
        (await project.RunAsync("stop")).ShouldSucceed();
        var log = (await project.RunAsync("packages", "log", "--json")).ShouldSucceed().Output;
        log.ShouldContain("Newtonsoft.Json");

        (await project.RunAsync("restore", "--force")).ShouldSucceed();

        (await project.RunAsync("packages", "log", "--json")).Output.ShouldBe(log);
    }

    /// <summary>The sample, copied, restored and built once for the class.</summary>
    public sealed class BuiltShop : IAsyncLifetime
    {
        public ProjectFolder Project { get; } = new("shop");

        public ToolResult Build { get; private set; } = null!;

        public string Commit { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            await Project.TakeSampleAsync("shop");
            Commit = (await Project.HostAsync("git", "rev-parse", "HEAD")).Trim();
            (await Project.RunAsync("start", "--approve")).ShouldSucceed();
            Build = await ToolRun.RunAsync(Project.Path, ["build"], minutes: 40);
        }

        public ValueTask DisposeAsync() => Project.DisposeAsync();
    }
}
