using System.Diagnostics;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>Another user of this host: whatever is run here has that user's rights and no others.</summary>
internal static class Stranger
{
    public const int Id = 65534;

    // Answers everything as a supervisor would that hands out leases, and writes down whoever came and what was said.
    private const string Listener = """
        use Socket; my ($loot, @paths) = @ARGV; $SIG{PIPE} = 'IGNORE';
        for my $path (@paths) {
            next if fork;
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die; unlink $path; bind($s, pack_sockaddr_un($path)) or die "$path: $!"; chmod 0777, $path; listen($s, 8) or die;
            while (accept(my $c, $s)) {
                open my $o, '>>', $loot; syswrite $o, "connected to $path\n";
                while (sysread($c, my $data, 65536)) { syswrite $o, $data; last if $data =~ /\r\n\r\n/; }
                syswrite $c, "HTTP/1.0 200 OK\r\n\r\n"; close $c; close $o;
            }
            exit;
        }
        wait for @paths;
        """;

    /// <summary>Skips the test where nobody can be somebody else.</summary>
    public static void Require() => Assert.SkipUnless(
        OperatingSystem.IsLinux() && Environment.UserName == "root" && File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/perl"),
        "needs root, setpriv and perl: one user is attacked by another");

    public static void Run(string script, params string[] arguments)
    {
        using var process = Start("/bin/sh", ["-ec", script, "sh", .. arguments]);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, script);
    }

    /// <summary>Listens at these sockets; the folders have to be there.</summary>
    public static Process Listen(string loot, params string[] sockets)
    {
        var process = Start("/usr/bin/perl", ["-e", Listener, loot, .. sockets]);
        SpinWait.SpinUntil(() => process.HasExited || sockets.All(File.Exists), TimeSpan.FromSeconds(10));
        process.HasExited.ShouldBeFalse("the attacker listens");
        return process;
    }

    public static void Own(string path) => Root("chown", "-h", $"{Id}:{Id}", path);

    public static void Root(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo("/usr/bin/setpriv", ["--reuid", $"{Id}", "--regid", $"{Id}", "--clear-groups", program, .. arguments]) { WorkingDirectory = "/" })!;
}
