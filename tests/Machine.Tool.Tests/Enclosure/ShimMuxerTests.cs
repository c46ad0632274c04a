using System.Diagnostics;
using Machine.Tool.Enclosure;

namespace Machine.Tool.Tests.Enclosure;

/// <summary>The real muxer of this host, the real shim, and a script that records what reaches the tool.</summary>
public sealed class ShimMuxerTests : IDisposable
{
    private readonly EnclosedProject project = new();

    public ShimMuxerTests()
    {
        EnclosedProject.SkipUnlessLinux();
        project.Enclose();
    }

    public void Dispose() => project.Dispose();

    [Theory]
    [InlineData("restore")]
    [InlineData("build --no-restore -c Release")]
    [InlineData("test --filter A=B")]
    [InlineData("run --project x -- -h")]
    [InlineData("publish -o out")]
    [InlineData("pack")]
    [InlineData("clean")]
    [InlineData("format --verify-no-changes")]
    [InlineData("watch run")]
    [InlineData("new console")]
    [InlineData("add package X")]
    [InlineData("remove package X")]
    [InlineData("sln list")]
    [InlineData("list package")]
    [InlineData("tool restore")]
    [InlineData("ef migrations list")]
    [InlineData("msbuild -t:X")]
    [InlineData("nuget locals all --list")]
    [InlineData("app.cs")]
    [InlineData("--version")]
    [InlineData("--info")]
    [InlineData("--help")]
    public void Every_verb_reaches_the_tool_as_it_was_typed(string line)
    {
        var arguments = line.Split(' ');

        project.Dotnet(project.Root, arguments).ExitCode.ShouldBe(42);

        project.Recorded.ShouldBe([project.Root, "dotnet", .. arguments]);
    }

    [Fact]
    public void A_pinned_version_that_is_not_on_this_host_reaches_the_tool_too()
    {
        Directory.Exists(Path.Combine(EnclosedProject.Host, "sdk", "10.0.199")).ShouldBeFalse();
        project.Write("global.json", """{ "sdk": { "version": "10.0.199", "rollForward": "disable" } }""");
        project.Enclose();

        project.Dotnet(project.Root, "build").ExitCode.ShouldBe(42);

        project.Recorded.ShouldBe([project.Root, "dotnet", "build"]);
        ShimFolder.Of(project.Root).Versions.ShouldBe(["10.0.199"]);
    }

    [Fact]
    public void Arguments_arrive_byte_for_byte_and_the_folder_stays()
    {
        var folder = Directory.CreateDirectory(Path.Combine(project.Root, "a", "b")).FullName;

        project.Run("/bin/sh", folder, "-c", "exec \"$0\" build '' ' a b ' '\"' \"$(printf '\\377')\" '*' '$HOME' \"$(printf 'x\\ny')\"", Path.Combine(EnclosedProject.Host, "dotnet"))
            .ExitCode.ShouldBe(42);

        project.Recorded.ShouldBe([folder, "dotnet", "build", "", " a b ", "\"", "\u00ff", "*", "$HOME", "x\ny"]);
    }

    [Fact]
    public void Dotnet_machine_is_the_tool_itself()
    {
        project.Dotnet(project.Root, "machine", "status", "--json");

        project.Recorded.ShouldBe([project.Root, "status", "--json"]);
    }

    [Fact]
    public void The_process_stays_the_same()
    {
        File.WriteAllText(Path.Combine(project.Base, "record"), "#!/bin/sh\necho $$\n");
        var start = new ProcessStartInfo(Path.Combine(EnclosedProject.Host, "dotnet"), "build") { WorkingDirectory = project.Root, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;

        process.StandardOutput.ReadToEnd().Trim().ShouldBe(process.Id.ToString());
        process.WaitForExit();
    }

    [Fact]
    public void A_clone_without_its_shim_is_told_what_to_type()
    {
        Directory.Delete(Path.Combine(project.Root, ShimFolder.Name), recursive: true);

        var outcome = project.Dotnet(project.Root, "build");

        outcome.ExitCode.ShouldNotBe(0);
        outcome.Text.ShouldContain("dotnet-machine start");
        project.Recorded.ShouldBeNull();
    }

    [Theory]
    [InlineData("/nowhere\n/nowhere/dotnet-machine\n")]
    [InlineData("relative\nprogram\n")]
    [InlineData("")]
    public void A_tool_that_is_gone_is_said_in_one_sentence(string target)
    {
        project.Write(".machine/tool", target);

        var outcome = project.Dotnet(project.Root, "build");

        outcome.ExitCode.ShouldBe(125);
        outcome.Text.ShouldContain("→ dotnet-machine start");
    }

    [Fact]
    public void Inside_the_same_global_json_leads_to_the_real_sdk()
    {
        // As setup.sh lays it out in the guest's upper layer.
        Directory.Delete(Path.Combine(project.Root, ShimFolder.Name), recursive: true);
        Directory.CreateDirectory(Path.Combine(project.Root, ShimFolder.Name));
        foreach (var entry in Directory.EnumerateFileSystemEntries(EnclosedProject.Host))
        {
            File.CreateSymbolicLink(Path.Combine(project.Root, ShimFolder.Name, Path.GetFileName(entry)), entry);
        }

        var outcome = project.Dotnet(project.Root, "--info");

        outcome.ExitCode.ShouldBe(0);
        outcome.Text.ShouldContain($"{EnclosedProject.Host}/sdk/");
    }
}
