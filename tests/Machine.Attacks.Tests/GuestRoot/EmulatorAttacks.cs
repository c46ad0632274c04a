using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>What a guest reaches that has taken its emulator over: nothing that is not its own machine's.</summary>
public sealed class EmulatorAttacks : IDisposable
{
    private const string Numbers = "the numbers of system calls here are x86-64's";

    private readonly EmulatorProbe probe = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => probe.Dispose();

    [Theory]
    [InlineData("user/.ssh/id_ed25519")]
    [InlineData("user/notes.txt")]
    [InlineData("home/keys/login")]
    [InlineData("home/approvals/project")]
    [InlineData("home/packages/a.nupkg")]
    [InlineData("home/machines/other/root.qcow2")]
    [InlineData("home/machines/mine/started.json")]
    [InlineData("home/machines/mine/identity/login")]
    [InlineData("project/../user/notes.txt")]
    [InlineData("shared/../home/keys/login")]
    public async Task A_file_of_the_host_that_is_not_the_machines_own_is_not_read(string file)
    {
        var said = await probe.RunAsync($"print open(IN, '<', '{probe.At(file)}') ? 'read: ' . <IN> : \"refused: $!\"");
        said.ShouldStartWith("refused: Permission denied");
        said.ShouldNotContain(EmulatorProbe.Secret);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/proc/self/environ")]
    [InlineData("/proc/self/mem")]
    [InlineData("/proc/1/cmdline")]
    [InlineData("/var/log")]
    [InlineData("/root")]
    [InlineData("/home")]
    [InlineData("/tmp")]
    public async Task A_place_of_the_system_is_not_looked_at(string path) =>
        (await probe.RunAsync($"print -d '{path}' ? opendir(my $d, '{path}') : open(IN, '<', '{path}') ? 'read' : 'refused'; print $! ? \"refused: $!\" : 'read'"))
            .ShouldContain("refused: Permission denied");

    [Fact]
    public async Task The_supervisors_environment_and_memory_are_not_read()
    {
        foreach (var file in new[] { "environ", "mem", "maps", "cmdline" })
        {
            (await probe.RunAsync($"print open(IN, '<', '/proc/{Environment.ProcessId}/{file}') ? 'read' : \"refused: $!\"")).ShouldStartWith("refused");
        }
    }

    [Theory]
    [InlineData("project/Program.cs")]
    [InlineData("project/.git/config")]
    [InlineData("home/images/debian/root.raw")]
    [InlineData("home/images/debian/vmlinuz")]
    [InlineData("home/templates/t/memory")]
    [InlineData("home/machines/mine/started.json")]
    [InlineData("home/machines/mine/identity/hostname")]
    [InlineData("home/machines/other/root.qcow2")]
    [InlineData("user/notes.txt")]
    public async Task A_file_that_it_may_not_write_is_not_written(string file)
    {
        var path = probe.At(file);
        var said = await probe.RunAsync($"for my $how ('+<', '>', '>>') {{ if (open(my $out, $how, '{path}')) {{ print $out 'evil' }} else {{ print \"refused: $!\\n\" }} }} truncate('{path}', 0); unlink '{path}'; rename '{path}', '{path}.old'");
        (await File.ReadAllTextAsync(path, Cancel)).ShouldBe(EmulatorProbe.Secret);
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(3, said);
    }

    [Theory]
    [InlineData("project/evil.targets")]
    [InlineData("project/.git/hooks/pre-commit")]
    [InlineData("home/machines/mine/root2.qcow2")]
    [InlineData("home/machines/mine/logs/evil")]
    [InlineData("home/images/evil")]
    [InlineData("run/mine/api")]
    [InlineData("user/.bashrc")]
    public async Task Nothing_is_made_outside_of_its_own_folders(string file)
    {
        var path = probe.At(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await probe.RunAsync($"open(my $out, '>', '{path}'); mkdir '{path}'; symlink '/etc/passwd', '{path}'; use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, pack_sockaddr_un('{path}')); rename '{probe.Writable}/data.txt', '{path}'; link '{probe.Writable}/data.txt', '{path}'");
        Path.Exists(path).ShouldBeFalse();
        File.Exists(Path.Combine(probe.Writable, "data.txt")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("symlink")]
    [InlineData("link")]
    [InlineData("rename")]
    public async Task A_secret_is_not_brought_into_a_writable_share(string how)
    {
        var said = await probe.RunAsync($"{how} '{probe.At("home/keys/login")}', '{probe.Writable}/x'; print open(IN, '<', '{probe.Writable}/x') ? 'read: ' . <IN> : \"refused: $!\"");
        said.ShouldStartWith("refused");
        File.Exists(probe.At("home/keys/login")).ShouldBeTrue();
    }

    [Fact]
    public async Task The_supervisors_socket_is_neither_talked_to_nor_replaced()
    {
        var path = Path.Combine(probe.Runtime, "api");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var said = await probe.RunAsync($"use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; print connect($s, pack_sockaddr_un('{path}')) ? 'connected' : \"refused: $!\"; unlink '{path}'; rename '{path}', '{path}2'");
        said.ShouldStartWith("refused: Operation not permitted");
        listener.Poll(0, SelectMode.SelectRead).ShouldBeFalse("somebody connected");
        Path.Exists(path).ShouldBeTrue();
    }

    [Fact]
    public async Task An_abstract_socket_of_the_session_is_not_talked_to()
    {
        var name = $"machine-{Guid.NewGuid():N}";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint("\0" + name));
        listener.Listen();
        (await probe.RunAsync($"use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; print connect($s, pack_sockaddr_un(\"\\0{name}\")) ? 'connected' : \"refused: $!\"")).ShouldStartWith("refused");
        listener.Poll(0, SelectMode.SelectRead).ShouldBeFalse("somebody connected");
    }

    [Fact]
    public async Task A_server_on_the_hosts_loopback_is_not_connected_to()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        (await probe.RunAsync($"use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0) or die; print connect($s, pack_sockaddr_in({port}, inet_aton('127.0.0.1'))) ? 'connected' : \"refused: $!\"")).ShouldStartWith("refused");
        listener.Pending().ShouldBeFalse();
    }

    // TCP Fast Open sends to an address without connect, which is all that the kernel's walls look at.
    [Theory]
    [InlineData("send($s, 'secret', 0x20000000, $to)")]
    [InlineData("my $bytes = 'secret'; my $part = pack 'P Q', $bytes, 6; my $message = pack 'P L x4 P Q P Q i x4', $to, length $to, $part, 1, undef, 0, 0; syscall(46, fileno $s, $message, 0x20000000)")]
    [InlineData("my $bytes = 'secret'; my $part = pack 'P Q', $bytes, 6; my $message = pack 'P L x4 P Q P Q i x4 L x4', $to, length $to, $part, 1, undef, 0, 0, 0; syscall(307, fileno $s, $message, 1, 0x20000000)")]
    public async Task Nor_by_a_message_that_opens_the_connection(string send)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, Numbers);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var said = await probe.RunAsync($"use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0) or die; my $to = pack_sockaddr_in({port}, inet_aton('127.0.0.1')); my $r = do {{ {send} }}; print defined $r && $r > 0 ? 'sent' : \"refused: $!\"");
        listener.Pending().ShouldBeFalse("somebody connected");
        said.ShouldStartWith("refused: Operation not permitted");
    }

    // Multipath TCP and SCTP are streams too, and the kernel's walls know TCP's ports alone.
    [Theory]
    [InlineData(262)]
    [InlineData(132)]
    public async Task A_stream_of_another_protocol_is_not_made(int protocol) =>
        (await probe.RunAsync($"use Socket; print socket(my $s, AF_INET, SOCK_STREAM, {protocol}) ? 'made' : \"refused: $!\"")).ShouldStartWith("refused: Operation not permitted");

    [Fact]
    public async Task No_datagram_leaves_it_by_one_of_a_pair()
    {
        using var log = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var path = Path.Combine(probe.Runtime, "log");
        log.Bind(new UnixDomainSocketEndPoint(path));
        var said = await probe.RunAsync($"use Socket; print socketpair(my $a, my $b, AF_UNIX, SOCK_DGRAM, 0) ? 'made' : \"refused: $!\"; send($a, 'secret', 0, pack_sockaddr_un('{path}'))");
        log.Poll(100_000, SelectMode.SelectRead).ShouldBeFalse("a datagram came");
        said.ShouldStartWith("refused");
    }

    [Theory]
    [InlineData("AF_INET")]
    [InlineData("AF_UNIX")]
    public async Task No_datagram_leaves_it(string family)
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var log = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var path = Path.Combine(probe.Runtime, "log");
        log.Bind(new UnixDomainSocketEndPoint(path));
        var target = family == "AF_INET" ? $"pack_sockaddr_in({((IPEndPoint)receiver.LocalEndPoint!).Port}, inet_aton('127.0.0.1'))" : $"pack_sockaddr_un('{path}')";
        (await probe.RunAsync($"use Socket; print socket(my $s, {family}, SOCK_DGRAM, 0) ? 'made' : \"refused: $!\"; send($s, 'secret', 0, {target})")).ShouldStartWith("refused");
        receiver.Poll(100_000, SelectMode.SelectRead).ShouldBeFalse("a datagram came");
        log.Poll(100_000, SelectMode.SelectRead).ShouldBeFalse("a datagram came");
    }

    [Theory]
    [InlineData(16, 3, "netlink")]
    [InlineData(17, 3, "packet")]
    [InlineData(2, 3, "raw")]
    [InlineData(38, 5, "crypto")]
    [InlineData(40, 1, "vsock")]
    public async Task No_socket_of_another_kind_is_made(int family, int type, string name) =>
        (await probe.RunAsync($"print socket(my $s, {family}, {type}, 0) ? 'made {name}' : \"refused: $!\"")).ShouldStartWith("refused: Operation not permitted");

    [Fact]
    public async Task No_other_port_is_listened_at()
    {
        Assert.SkipWhen(Tool.Engines.Confinement.Landlock.Version < 4, "this kernel's Landlock knows no ports");
        var port = probe.Port == 65000 ? 65001 : 65000;
        (await probe.RunAsync($"use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0) or die; print bind($s, pack_sockaddr_in({port}, INADDR_LOOPBACK)) ? 'bound' : \"refused: $!\"")).ShouldStartWith("refused: Permission denied");
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("tgkill")]
    [InlineData("pidfd")]
    public async Task Another_process_of_the_user_is_not_ended(string how)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, Numbers);
        Assert.SkipWhen(Tool.Engines.Confinement.Landlock.Version < 6 && how == "tgkill", "this kernel's Landlock knows no signals");
        using var bystander = Process.Start("sleep", "60");
        var id = bystander.Id;
        var call = how switch
        {
            "kill" => $"syscall(62, {id}, 9)",
            "tgkill" => $"syscall(234, {id}, {id}, 9)",
            _ => $"syscall(424, syscall(434, {id}, 0), 9, 0, 0)",
        };
        (await probe.RunAsync($"print {call} == 0 ? 'ended' : \"refused: $!\"")).ShouldStartWith("refused: Operation not permitted");
        bystander.HasExited.ShouldBeFalse();
        bystander.Kill();
    }

    [Theory]
    [InlineData("ptrace", "101, 16, PID, 0, 0")]
    [InlineData("process_vm_readv", "310, PID, 0, 0, 0, 0, 0")]
    [InlineData("process_vm_writev", "311, PID, 0, 0, 0, 0, 0")]
    [InlineData("pidfd_getfd", "438, 0, 0, 0")]
    [InlineData("unshare", "272, 0x10000000")]
    [InlineData("clone", "56, 0x10000011, 0, 0, 0, 0")]
    [InlineData("setns", "308, 0, 0")]
    [InlineData("mount", "165, 0, 0, 0, 0, 0")]
    [InlineData("chroot", "161, 0")]
    [InlineData("open_by_handle_at", "304, 0, 0, 0")]
    [InlineData("io_uring_setup", "425, 1, 0")]
    [InlineData("bpf", "321, 0, 0, 0")]
    [InlineData("userfaultfd", "323, 0")]
    [InlineData("perf_event_open", "298, 0, 0, 0, 0, 0")]
    [InlineData("keyctl", "250, 0, 0, 0, 0, 0")]
    [InlineData("add_key", "248, 0, 0, 0, 0, 0")]
    [InlineData("init_module", "175, 0, 0, 0")]
    [InlineData("kexec_load", "246, 0, 0, 0, 0")]
    [InlineData("shmget", "29, 0x4d54, 4096, 0600 | 01000")]
    [InlineData("msgget", "68, 0x4d54, 0600 | 01000")]
    [InlineData("semget", "64, 0x4d54, 1, 0600 | 01000")]
    [InlineData("mq_open", "240, my $name = 'mt', 0, 0, 0")]
    [InlineData("prlimit", "302, PID, 0, 0, 0")]
    public async Task A_way_around_the_walls_is_closed(string name, string call)
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, Numbers);
        call = call.Replace("PID", $"{Environment.ProcessId}", StringComparison.Ordinal);
        (await probe.RunAsync($"my $r = syscall({call}); print $r == -1 ? \"refused: $!\" : '{name} done'")).ShouldStartWith("refused: Operation not permitted");
    }

    [Fact]
    public async Task System_calls_by_their_other_numbers_end_it()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, Numbers);
        (await probe.RunAsync("syscall(0x40000000 + 42, 0, 0, 0); print 'alive'")).ShouldNotContain("alive");
    }

    [Fact]
    public async Task A_program_that_it_wrote_is_not_run()
    {
        var said = await probe.RunAsync($"open(my $out, '>', '{probe.Writable}/evil'); print $out \"#!/bin/sh\\necho ran\\n\"; close $out; chmod 0755, '{probe.Writable}/evil'; exec '{probe.Writable}/evil' or print \"refused: $!\"");
        said.ShouldContain("refused");
        said.ShouldNotContain("ran\n");
    }

    [Fact]
    public async Task It_has_no_privilege_but_roots_reading_and_gains_none()
    {
        var running = probe.RunAsync("sleep 3");
        var status = await File.ReadAllTextAsync($"/proc/{probe.LastStarted}/status", Cancel);
        await running;
        foreach (var set in new[] { "CapPrm", "CapEff", "CapInh", "CapAmb" })
        {
            status.ShouldMatch($@"{set}:\s*000000000000000{(set is "CapPrm" or "CapEff" && Environment.IsPrivilegedProcess ? "4" : "0")}\n");
        }

        status.ShouldMatch(@"NoNewPrivs:\s*1\n");
        status.ShouldMatch(@"Seccomp:\s*2\n");
    }

    [Fact]
    public async Task A_file_grows_no_larger_than_the_machine_can_be()
    {
        File.Delete(Path.Combine(probe.Writable, "data.txt"));
        var walls = new Tool.Engines.Confinement.Confinement(
            [new("/usr", Tool.Engines.Confinement.Right.Execute | Tool.Engines.Confinement.Right.Read), new("/lib", Tool.Engines.Confinement.Right.Execute | Tool.Engines.Confinement.Right.Read),
                new("/lib64", Tool.Engines.Confinement.Right.Execute | Tool.Engines.Confinement.Right.Read), new("/dev/null", Tool.Engines.Confinement.Right.ReadFile), new(probe.Writable, Tool.Engines.Confinement.Right.MakeFile | Tool.Engines.Confinement.Right.Write)],
            probe.Port, LargestFile: 1 << 20);
        await probe.RunAsync(Tool.Hosting.HostProgram.Find("perl")!, ["-e", $"sleep 1; open(my $out, '>', '{probe.Writable}/large') or die; truncate($out, 1 << 40); print $out 'x' x (4 << 20)"], walls);
        new FileInfo(Path.Combine(probe.Writable, "large")).Length.ShouldBeLessThanOrEqualTo(1 << 20);
    }

    [Fact]
    public async Task Its_own_files_shares_and_port_work()
    {
        var said = await probe.RunAsync($$"""
            use Socket;
            print open(IN, '<', '{{probe.Project}}/Program.cs') ? <IN> : "no: $!", "\n";
            print open(my $d, '+<', '{{probe.Places.EphemeralRoot}}') ? 'disk' : "no: $!", "\n";
            print open(my $o, '>', '{{probe.Writable}}/new') ? 'share' : "no: $!", "\n";
            socket(my $s, AF_INET, SOCK_STREAM, 0) or print "no: $!";
            print bind($s, pack_sockaddr_in({{probe.Port}}, INADDR_LOOPBACK)) && listen($s, 1) ? 'port' : "no: $!", "\n";
            socket(my $u, AF_UNIX, SOCK_STREAM, 0); print bind($u, pack_sockaddr_un('{{probe.Places.QmpSocket}}')) ? 'socket' : "no: $!", "\n";
            """);
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe([EmulatorProbe.Secret, "disk", "share", "port", "socket"]);
    }
}
