using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Attacks.Tests.ImportedFile;

/// <summary>
/// A package's script, as root of the image build and out of its root folder already. The canaries: the user's key, a variable, a process
/// and a server of the host's, a file outside.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class MaintainerScriptAttacks : IAsyncLifetime, IDisposable
{
    private readonly TestFolder folder = new();
    private readonly TcpListener server = new(IPAddress.Loopback, 0);
    private readonly Process bystander = Process.Start("sleep", "600");
    private readonly string key;

    public MaintainerScriptAttacks()
    {
        key = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), $".canary-{Guid.NewGuid():N}");
        File.WriteAllText(key, "SECRET-OF-THE-HOST");
        // What only its name would protect.
        File.SetUnixFileMode(key, (UnixFileMode)0b110_110_110);
        server.Start();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)server.LocalEndpoint).Port;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "namespaces are Linux'");
        Assert.SkipWhen(HostProgram.Find("mmdebstrap") is null, "mmdebstrap, whose Perl it needs, is not installed");
        try
        {
            await PrivateNamespace.CheckAsync(Cancel);
        }
        catch (MachineException e)
        {
            Assert.Skip(e.Message);
        }
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        File.Delete(key);
        server.Dispose();
        if (!bystander.HasExited)
        {
            bystander.Kill();
        }

        bystander.Dispose();
        if (Directory.Exists(folder.Path))
        {
            folder.Dispose();
        }
    }

    [Theory]
    [InlineData("cat KEY")]
    [InlineData("cat /proc/1/root/KEY /proc/self/root/KEY /proc/*/root/KEY")]
    [InlineData("cd /proc/1/cwd && cat ../../../../../../KEY")]
    [InlineData("find / -path /usr -prune -o -path /proc -prune -o -name '.canary*' -exec cat {} +")]
    [InlineData("mkdir m; mount --bind / m; cat m/KEY; umount m")]
    [InlineData("umount -l /proc; cat /proc/1/root/KEY; umount -l /; cat KEY")]
    [InlineData("unshare --mount --user --map-root-user sh -c 'umount -l / ; cat KEY'")]
    [InlineData("nsenter --target 1 --mount cat KEY; nsenter --target $PPID --all cat KEY")]
    [InlineData("mknod disk b $(awk '$5 == \"/\" { sub(\":\", \" \", $3); print $3; exit }' /proc/self/mountinfo) && cat disk | head -c 100000000 | grep -a SECRET")]
    [InlineData("perl -e 'require \"syscall.ph\"; chroot(\"/tmp\"); chdir(\"..\") for 1..50; chroot(\".\"); open F, \"<\", \"KEY\" and print <F>'")]
    [InlineData("ln -s KEY facts; cat facts")]
    [InlineData("cat /etc/shadow /etc/ssh/ssh_host_* /etc/apt/auth.conf* /etc/machine-id")]
    [InlineData("env; cat /proc/*/environ | tr '\\0' '\\n'")]
    [InlineData("ls /root /home /srv /mnt /media /opt /var/lib/dpkg/* 2>/dev/null; cat /root/.canary* /home/*/.canary*")]
    [InlineData("cat /sys/class/dmi/id/* /sys/firmware/*/*")]
    public async Task Nothing_of_the_host_is_read(string attempt)
    {
        var said = await RunAsync(attempt);
        said.ShouldNotContain("SECRET");
        said.ShouldNotContain("s3cret");
        said.ShouldNotContain("root:$");
        said.ShouldNotContain("BEGIN OPENSSH");
    }

    [Theory]
    [InlineData("perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => PORT) and print \"reached\"'")]
    [InlineData("perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"localhost\", PeerPort => PORT) and print \"reached\"'")]
    [InlineData("ip link add veth0 type veth 2>/dev/null; ip route add default dev lo; perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"HOST\", PeerPort => PORT, Timeout => 2) and print \"reached\"'")]
    [InlineData("nsenter --target 1 --net perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => PORT) and print \"reached\"'")]
    public async Task No_server_of_the_host_is_reached(string attempt)
    {
        (await RunAsync(attempt)).ShouldNotContain("reached");
        server.Pending().ShouldBeFalse("nobody knocked");
    }

    [Theory]
    [InlineData("echo evil > KEY")]
    [InlineData("echo evil > OUTSIDE/written; echo evil > ../written; echo evil > /proc/1/cwd/../written")]
    [InlineData("echo evil > /usr/written-by-a-package; rm -f /usr/written-by-a-package; touch /usr/bin/env && echo touched")]
    [InlineData("mount -o remount,rw /usr && echo touched; mount -o remount,bind,rw /usr && echo touched")]
    [InlineData("chown 1:1 /dev/null && echo touched; chmod 600 /dev/null && echo touched; rm -f /dev/null && echo touched")]
    [InlineData("echo x > /proc/sys/kernel/core_pattern && echo touched; echo x > /proc/sysrq-trigger && echo touched")]
    [InlineData("kill -9 PID && echo touched; kill -9 -1")]
    [InlineData("chroot / sh -c 'insmod x.ko; reboot -f; swapoff -a' && echo touched")]
    public async Task Nothing_of_the_host_is_changed(string attempt)
    {
        var said = await RunAsync(attempt);
        said.ShouldNotContain("touched");
        File.ReadAllText(key).ShouldBe("SECRET-OF-THE-HOST");
        File.Exists(folder["written"]).ShouldBeFalse();
        bystander.HasExited.ShouldBeFalse();
    }

    [Fact]
    public async Task Root_inside_is_nobody_that_the_host_knows()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root");
        (await RunAsync("awk '{ print $2 }' /proc/self/uid_map /proc/self/gid_map | sort -u")).Trim().ShouldBe("1879048192");
    }

    [Fact]
    public async Task The_one_door_leads_to_the_archives_and_nowhere_else()
    {
        var asked = "";
        await using var application = ServiceHost.Create(folder["door"], NullLoggerFactory.Instance, _ => { });
        application.Run(context =>
        {
            asked = context.Request.Path;
            return context.Response.WriteAsync("a package");
        });
        await application.StartAsync(Cancel);
        File.SetUnixFileMode(folder["door"], (UnixFileMode)0b110_110_110);

        var said = await RunAsync(
            "perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => 9999) or die; print $s \"GET /apt/0/x HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n\"; print <$s>'", folder["door"]);

        said.ShouldContain("a package");
        asked.ShouldBe("/apt/0/x");
    }

    [Theory]
    [InlineData("root.raw")]
    [InlineData("kernel")]
    [InlineData("initrd")]
    [InlineData("facts")]
    public void A_link_in_the_place_of_what_was_built_is_no_image(string name)
    {
        foreach (var file in new[] { "root.raw", "kernel", "initrd", "facts" })
        {
            File.WriteAllText(folder[file], file);
        }

        DistributionBuild.RequireFiles(folder.Path);
        File.Delete(folder[name]);
        File.CreateSymbolicLink(folder[name], key);
        Should.Throw<MachineException>(() => DistributionBuild.RequireFiles(folder.Path)).Message.ShouldContain(name);
    }

    private async Task<string> RunAsync(string attempt, string? door = null)
    {
        var work = folder.Folder("work");
        await ImageRecipe.WriteAsync(Path.Combine(work, "recipe"), Cancel);
        var host = (await Dns.GetHostAddressesAsync(Dns.GetHostName(), Cancel)).FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)?.ToString() ?? "127.0.0.1";
        await File.WriteAllTextAsync(
            Path.Combine(work, "attack.sh"),
            "{ " + attempt.Replace("KEY", key, StringComparison.Ordinal).Replace("PORT", $"{Port}", StringComparison.Ordinal).Replace("OUTSIDE", folder.Path, StringComparison.Ordinal)
                .Replace("HOST", host, StringComparison.Ordinal).Replace("PID", $"{bystander.Id}", StringComparison.Ordinal) + "; } 2>&1\n",
            Cancel);
        Environment.SetEnvironmentVariable("MACHINE_TEST_TOKEN", "s3cret");
        try
        {
            var result = await PrivateNamespace.RunEnclosedAsync(work, door, 9999, [], Path.Combine(work, "attack.sh"), [], _ => { }, Cancel);
            result.Output.ShouldNotContain("machine: ", customMessage: "it ran");
            return result.Output;
        }
        finally
        {
            await PrivateNamespace.DeleteAsync(work);
        }
    }
}
