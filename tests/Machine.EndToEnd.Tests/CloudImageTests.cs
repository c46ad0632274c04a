using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;

namespace Machine.EndToEnd.Tests;

/// <summary>A machine from a qcow2 cloud image, which cloud-init prepared.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class CloudImageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cloud_image_becomes_a_machine_with_the_packages_that_were_asked_for()
    {
        Slow.SkipUnlessAsked();
        var disk = await DiskAsync();
        await using var project = new ProjectFolder("cloud", $$"""
            image: { path: "{{disk}}", sha256: {{await HashAsync(disk)}} }
            sdk: none
            packages: [git, make]
            idle: never
            """);
        project.Write("file.txt", "the host's\n");

        (await ToolRun.RunAsync(project.Path, ["start", "--approve"], minutes: 40)).ShouldSucceed();

        var inside = await project.ExecAsync("sh", "-c", "cat /etc/cloud-marker file.txt; findmnt -no SOURCE /; git --version; make --version | head -1; sudo -n true && echo sudo; hostname; systemctl is-active cloud-init; ls /etc/ssh/ssh_host_*; true");
        var lines = inside.ShouldSucceed().Output.Split('\n');
        lines[..3].ShouldBe(["from the cloud", "the host's", "/dev/vda"]);
        lines[3].ShouldStartWith("git version");
        lines[4].ShouldStartWith("GNU Make");
        lines[5].ShouldBe("sudo");
        lines[6].ShouldStartWith("cloud-");
        lines[7].ShouldBe("inactive");
        lines[8..^1].ShouldBe(["/etc/ssh/ssh_host_ed25519_key"]);
        (await project.ExecAsync("sh", "-c", "mkdir -p artifacts && echo out > artifacts/out.txt")).ShouldSucceed();
        File.ReadAllText(project["artifacts/out.txt"]).ShouldBe("out\n");
        (await project.RunAsync("stop")).ShouldSucceed();
    }

    // Made once for all runs, like the images themselves.
    public static async Task<string> DiskAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64, "the test's cloud image is made on Linux, for x86-64");
        Assert.SkipWhen(HostProgram.Find("syslinux") is null || HostProgram.Find("mcopy") is null, "syslinux and mtools are not installed");
        var cache = Directory.CreateDirectory(Path.Combine(Environment.GetEnvironmentVariable("MACHINE_HOME")!, "test-disks"));
        var recipe = Path.Combine(AppContext.BaseDirectory, "cloud-image.sh");
        var finished = Path.Combine(cache.FullName, $"cloud-{Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(recipe, Cancel)))[..12]}.qcow2");
        if (File.Exists(finished))
        {
            return finished;
        }

        var work = Directory.CreateTempSubdirectory("machine-cloud-");
        try
        {
            var sources = DebianMirror.Find("/etc/apt", "bookworm", Environment.GetEnvironmentVariable);
            await File.WriteAllTextAsync(Path.Combine(work.FullName, "sources.sources"), string.Concat(sources.Select(source => source.ToStanza() + "\n")), Cancel);
            await File.WriteAllLinesAsync(Path.Combine(work.FullName, "apt.options"), await AptSettings.ReadAsync(Cancel), Cancel);
            var result = await PrivateNamespace.RunScriptAsync(recipe, [work.FullName], _ => { }, Cancel);
            result.ExitCode.ShouldBe(0, result.Output);
            File.Move(Path.Combine(work.FullName, "cloud.qcow2"), finished);
            return finished;
        }
        finally
        {
            await PrivateNamespace.DeleteAsync(work.FullName);
        }
    }

    public static async Task<string> HashAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, Cancel));
    }
}
