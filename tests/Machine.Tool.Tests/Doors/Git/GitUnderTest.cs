using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Git;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Doors.Egress;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>
/// git's door as a machine has it: the socket of the services, carried to a port of loopback as ssh does it, and this host's git as the guest's, before a real server. Credentials
/// come from a helper in a home folder of the test's.
/// </summary>
internal sealed class GitUnderTest : IAsyncDisposable
{
    public const string Server = "git.example.com";

    // What loopback is taken for.
    private static readonly IPAddress Outer = IPAddress.Parse("11.8.0.2");
    private static readonly IPAddress Inner = IPAddress.Parse("10.8.0.2");

    private static readonly AddressJudge Judge = new(new HashSet<IPAddress>(), []);

    private readonly TestFolder folder = new();
    private readonly TcpListener carried = new(IPAddress.Loopback, 0);
    private ServiceHost services = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public GitServer Upstream { get; private set; } = null!;

    public DoorUnderTest.FixedResolver Resolver { get; } = new();

    public NetworkRules Rules { get; private set; } = NetworkRules.None;

    /// <summary>The server is in a private network.</summary>
    public bool IsPrivate { get; set; }

    public string Socket => services.Socket;

    public string LogFile => folder["network.log"];

    public string GuestHome => folder["guest"];

    public string HostHome => folder["host"];

    /// <summary>Each call of the helper: its verb, and what it was told.</summary>
    public string Helper => File.Exists(folder["helper.log"]) ? File.ReadAllText(folder["helper.log"]) : "";

    public string this[string name] => folder[name];

    /// <summary>As a repository names it.</summary>
    public string Place => $"{Server}:{Upstream.Port}";

    /// <param name="variables">Of this host's git, beside its home.</param>
    public static async Task<GitUnderTest> StartAsync(IReadOnlyDictionary<string, string?>? variables = null)
    {
        var test = new GitUnderTest();
        test.folder.Folder("host");
        test.folder.Folder("guest");
        test.Knows(GitServer.User, GitServer.Password);
        test.Upstream = await GitServer.StartAsync(test.folder.Folder("served"));
        var upstream = new Upstream(test.Resolver, () => (address, isPrivate) => Judge.WhyNot(!IPAddress.IsLoopback(address) ? address : test.IsPrivate ? Inner : Outer, isPrivate));
        var hash = test.Upstream.Certificate.GetCertHashString();
        var door = new GitEndpoint(
            () => test.Rules,
            new GitUpstream(upstream, new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == hash }),
            new GitCredentials(new Dictionary<string, string?>(variables ?? new Dictionary<string, string?>()) { ["HOME"] = test.HostHome, ["GIT_CONFIG_NOSYSTEM"] = "1" }),
            new EgressLog(test.LogFile, TimeProvider.System),
            NullLogger.Instance);
        test.services = await ServiceHost.StartAsync(
            test.folder["services"], null, MachinePaths.At(test.folder["home"]), test.folder["packages.log"], new MachineServices(() => test.Rules, door, null), NullLoggerFactory.Instance, Cancel);
        test.carried.Start();
        _ = test.CarryAsync();
        return test;
    }

    public async ValueTask DisposeAsync()
    {
        carried.Dispose();
        await services.DisposeAsync();
        await Upstream.DisposeAsync();
        folder.Dispose();
    }

    /// <param name="paths">Below the server, with what stands before it: <c>git:acme/*</c>.</param>
    public void Allow(params string[] paths) => Rules = new NetworkSettings([.. paths.Select(path => new NetworkEntry(Of(path)))], []).ToRules();

    public void AllowPrivate(string path) => Rules = Rules.With(new NetworkSettings([new NetworkEntry(Of(path), Private: true)], []).ToRules());

    public void Deny(params string[] paths) => Rules = Rules.With(new NetworkSettings([], [.. paths.Select(path => new NetworkEntry(Of(path)))]).ToRules());

    /// <summary>The helper's answer from now on.</summary>
    public void Knows(string user, string password) => File.WriteAllText(
        Path.Combine(HostHome, ".gitconfig"),
        $"[credential]\n\thelper = \"!f() {{ echo \\\"$1\\\" >> '{folder["helper.log"]}'; cat >> '{folder["helper.log"]}'; test \\\"$1\\\" != get || printf 'username={user}\\npassword={password}\\n'; }}; f\"\n");

    public void KnowsNothing() => File.WriteAllText(Path.Combine(HostHome, ".gitconfig"), "");

    /// <summary>A bare repository at the server, with one commit on main.</summary>
    public async Task<string> ServeAsync(string path, string content = "hello\n")
    {
        var bare = Path.Combine(folder["served"], path + ".git");
        (await GitAsync(folder.Path, "init", "-q", "--bare", "-b", "main", bare)).ShouldSucceed();
        var work = folder["work-" + path.Replace('/', '-')];
        (await GitAsync(folder.Path, "init", "-q", "-b", "main", work)).ShouldSucceed();
        File.WriteAllText(Path.Combine(work, "file.txt"), content);
        await CommitAsync(work, "first");
        (await GitAsync(work, "push", "-q", bare, "main")).ShouldSucceed();
        return bare;
    }

    public async Task CommitAsync(string work, string message)
    {
        (await GitAsync(work, "add", "-A")).ShouldSucceed();
        (await GitAsync(work, "commit", "-q", "-m", message)).ShouldSucceed();
    }

    /// <summary>git as a program of the guest, with what every command inside is given.</summary>
    public Task<GitRun> GuestAsync(params string[] arguments) => GuestAsync(new Dictionary<string, string>(), arguments);

    public Task<GitRun> GuestAsync(Dictionary<string, string> variables, params string[] arguments)
    {
        GitRewrites.Add(variables, Rules, $"http://127.0.0.1:{((IPEndPoint)carried.LocalEndpoint).Port}/git/");
        return RunAsync(GuestHome, arguments, variables);
    }

    public Task<GitRun> GuestInAsync(string work, params string[] arguments) => GuestAsync(["-C", work, .. arguments]);

    /// <summary>Without a server.</summary>
    public Task<GitRun> GitAsync(string work, params string[] arguments) => RunAsync(work, arguments, new Dictionary<string, string>());

    public IReadOnlyList<EgressEntry> Logged() => [.. EgressLog.Read(LogFile)];

    /// <summary>One request as root of the guest writes it; the whole answer.</summary>
    public async Task<string> RawAsync(string line, string headers = "X: y", byte[]? body = null)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Cancel);
        await using var stream = new NetworkStream(socket);
        var head = Encoding.Latin1.GetBytes($"{line}\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{(body is null ? "" : $"Content-Length: {body.Length}\r\n")}\r\n");
        await stream.WriteAsync((byte[])[.. head, .. body ?? []], Cancel);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, Cancel);
        }
        catch (IOException)
        {
            // It hung up.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    private string Of(string rule) => rule.Contains('/', StringComparison.Ordinal) && rule.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && rule.StartsWith("git", StringComparison.Ordinal)
        ? $"{rule[..colon]}:{Place}/{rule[(colon + 1)..]}" : rule;

    private static async Task<GitRun> RunAsync(string work, string[] arguments, IReadOnlyDictionary<string, string> variables)
    {
        using var process = HostProgram.Start("git", arguments, start =>
        {
            start.WorkingDirectory = work;
            start.RedirectStandardOutput = start.RedirectStandardError = start.RedirectStandardInput = true;
            foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
            {
                start.Environment.Remove(name);
            }

            start.Environment["HOME"] = work;
            start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
            start.Environment["GIT_TERMINAL_PROMPT"] = "0";
            foreach (var who in new[] { "AUTHOR", "COMMITTER" })
            {
                start.Environment[$"GIT_{who}_NAME"] = "T";
                start.Environment[$"GIT_{who}_EMAIL"] = "t@localhost";
            }

            foreach (var (name, value) in variables)
            {
                start.Environment[name] = value;
            }
        });
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return new GitRun(process.ExitCode, output, await error);
    }

    // As ssh carries a port to a socket.
    private async Task CarryAsync()
    {
        try
        {
            while (true)
            {
                var guest = await carried.AcceptSocketAsync(Cancel);
                _ = Task.Run(async () =>
                {
                    using var mine = guest;
                    using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await door.ConnectAsync(new UnixDomainSocketEndPoint(Socket), Cancel);
                    await Splice.RunAsync(guest, door, new Carried(), Cancel);
                });
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test has ended.
        }
    }
}

/// <summary>What one run of git did.</summary>
internal sealed record GitRun(int ExitCode, string Output, string Error)
{
    public GitRun ShouldSucceed()
    {
        ExitCode.ShouldBe(0, Output + Error);
        return this;
    }
}
