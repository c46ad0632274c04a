using System.Net;
using System.Net.Sockets;

namespace Machine.EndToEnd.Tests;

/// <summary>Guest root tries to get out. Each rule of docs/architecture.md, "Who is the enemy", has its attack here.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class BoundaryTests(SharedMachine shared)
{
    private readonly ProjectFolder project = shared.Project;

    [Fact]
    public async Task Guest_root_cannot_write_through_the_share()
    {
        project.Write("target.txt", "the host's\n");

        var attack = await project.RootAsync("""
            mount -o remount,rw /machine/lower; echo x > /machine/lower/target.txt; echo x > /machine/lower/planted.txt
            mkdir -p /mnt/again; mount -t 9p -o rw,trans=virtio,version=9p2000.L project /mnt/again
            echo x > /mnt/again/target.txt; echo x > /mnt/again/planted.txt; rm /mnt/again/target.txt; mv /mnt/again/target.txt /mnt/again/t
            chmod 777 /mnt/again/target.txt; ln -s /etc/passwd /mnt/again/link; umount /mnt/again; true
            """);

        attack.ExitCode.ShouldBe(0, attack.ToString());
        attack.Error.ShouldContain("Read-only file system");
        File.ReadAllText(project["target.txt"]).ShouldBe("the host's\n");
        File.Exists(project["planted.txt"]).ShouldBeFalse();
        new FileInfo(project["link"]).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public async Task The_share_shows_the_project_and_nothing_above_it()
    {
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(project.Path)!, "outside.txt"), "secret\n");
        File.CreateSymbolicLink(project["way-out"], Path.Combine(Path.GetDirectoryName(project.Path)!, "outside.txt"));
        try
        {
            var attack = await project.RootAsync("cat way-out; cat /machine/lower/../outside.txt; ls /machine/lower/..; true");

            attack.Output.ShouldNotContain("secret");
        }
        finally
        {
            File.Delete(project["way-out"]);
        }
    }

    [Fact]
    public async Task Guest_root_reaches_neither_the_host_nor_a_name_server()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var addresses = Dns.GetHostAddresses(Dns.GetHostName()).Concat([IPAddress.Parse("10.0.2.2"), IPAddress.Parse("10.0.2.3"), IPAddress.Loopback])
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork).Distinct();

        var attack = await project.RootAsync(string.Join('\n', addresses.Select(address =>
            // Connections end at the relay inside; what counts is whether anybody answers.
            $"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/{port} && echo hello >&3 && read -r -t 4 answer <&3 && echo reached {address}'"))
            + "\ntimeout 5 bash -c 'exec 3<>/dev/tcp/10.0.2.3/53' && echo reached the name server\ntimeout 10 getent hosts example.com\ntrue");

        attack.Output.ShouldNotContain("reached");
        // An address of the machine's own: nobody outside was asked.
        attack.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(line => line.StartsWith("198.18.") || line.StartsWith("198.19."));
        listener.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task The_guests_only_door_is_the_feed_and_never_the_control_api()
    {
        var attack = await project.RootAsync("""
            ask() { exec 3<>/dev/tcp/127.0.0.1/7780; printf '%s %s HTTP/1.1\r\nHost: 127.0.0.1:7780\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1" "$2" >&3; head -1 <&3; exec 3>&-; }
            ask GET /nuget/v3/index.json; ask GET /v1/status; ask POST /v1/stop; ask POST /v1/exec; ask GET /npm/left-pad
            """.Replace("ask() {", "#!/bin/bash\nask() {", StringComparison.Ordinal).Insert(0, "bash <<'SCRIPT'\n") + "\nSCRIPT");

        var answers = attack.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        answers.Length.ShouldBe(5, attack.ToString());
        answers[0].ShouldContain("200");
        answers[1..4].ShouldAllBe(answer => answer.Contains("404"));
        answers[4].ShouldContain("403 machine: npm is not among what this project's machine may reach");
    }

    [Fact]
    public async Task The_login_key_and_the_hosts_sockets_are_not_inside()
    {
        var attack = await project.RootAsync("find / -xdev \\( -name id_ed25519 -o -name api -type s \\) 2>/dev/null; env | grep -i -E 'secret|token|password'; ls -A .machine 2>&1; true");

        attack.Output.ShouldNotContain("id_ed25519");
        attack.Output.ShouldNotContain("/api");
    }

    [Fact]
    public async Task Import_takes_the_good_and_refuses_the_bad()
    {
        project.Write("loot/loot.proj", "<Project/>");
        var result = await project.RootAsync("""
            mkdir -p loot/bin && cd loot/bin && echo good > good.txt && chmod 644 good.txt
            mknod device c 1 3; mkfifo fifo; ln -s /etc/passwd absolute; ln -s ../../../../../../etc/passwd climbing
            ln -s ../../.git/hooks hooks; ln good.txt hard; cp /bin/true suid; chmod 4755 suid; truncate -s 1T sparse
            printf 'x' > "$(printf 'new\nline')"; printf 'x' > "$(printf 'esc\033[31m')"; printf x > 'NUL.txt'; echo '<Project/>' > evil.props
            mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit
            """);

        result.ExitCode.ShouldBe(0, result.ToString());
        File.ReadAllText(project["loot/bin/good.txt"]).ShouldBe("good\n");
        var there = Directory.EnumerateFileSystemEntries(project["loot/bin"]).Select(Path.GetFileName).ToList();
        there.ShouldBeSubsetOf(["good.txt", "hard", "suid"]);
        if (there.Contains("suid"))
        {
            (File.GetUnixFileMode(project["loot/bin/suid"]) & (UnixFileMode.SetUser | UnixFileMode.SetGroup)).ShouldBe((UnixFileMode)0);
        }

        Directory.Exists(project["loot/bin/.git"]).ShouldBeFalse();
        foreach (var refused in new[] { "device", "fifo", "absolute", "climbing", "hooks", "sparse" })
        {
            result.Error.ShouldContain(refused, customMessage: result.Error);
        }

        result.Error.ShouldNotContain("\u001b");
        await project.RootAsync("rm -rf loot");
    }
}
