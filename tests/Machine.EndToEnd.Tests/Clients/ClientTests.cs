using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.EndToEnd.Tests.Clients;

/// <summary>
/// Programs as people use them, none of which knows of a proxy, before real servers: each fails with a reason where no rule names the server, without a packet that
/// leaves, and works where one does.
/// </summary>
public sealed class ClientTests
{
    private const string Variables = "export SSL_CERT_FILE=$PWD/clients/ca.pem GIT_SSL_CAINFO=$PWD/clients/ca.pem NODE_EXTRA_CA_CERTS=$PWD/clients/ca.pem DOTNET_ROOT=$PWD/clients/dotnet; ";

    // Of what fails at once; a resolver that does not answer costs five seconds and more.
    private static readonly TimeSpan AtOnce = TimeLimit.Seconds(2);

    // A line waits for who asked, five seconds at most.
    private static readonly TimeSpan InTheLog = TimeLimit.Seconds(6);

    private static readonly Client[] Everywhere =
    [
        new("curl, HTTP", $"curl -sS http://{Servers.Web}/", ["hello over HTTP/1.1 and http"], "network allow web.example.com", Servers.Web, 80, "curl"),
        new("curl, HTTPS", $"curl -sS https://{Servers.Web}/", ["hello over HTTP/2 and https"], "alert", Servers.Web, 443, "curl"),
        new(".NET", $"$DOTNET_ROOT/dotnet clients/net/Machine.EndToEnd.Client.dll http1 https://{Servers.Web}/ http2 https://{Servers.Web}/ events https://{Servers.Web}/events "
            + $"websocket wss://{Servers.Web}/socket grpc https://{Servers.Web}/",
            ["http1: hello over HTTP/1.1 and https", "http2: hello over HTTP/2 and https", "events: one two three", "websocket: there and back", "grpc: hello, machine"],
            "(?s)(alert access denied.*){5}", Servers.Web, 443, "dotnet"),
        new(".NET, HTTP", $"$DOTNET_ROOT/dotnet clients/net/Machine.EndToEnd.Client.dll http1 http://{Servers.Web}/", ["http1: hello over HTTP/1.1 and http"], "network allow web.example.com", Servers.Web, 80, "dotnet"),
        new(".NET, gRPC without TLS", $"$DOTNET_ROOT/dotnet clients/net/Machine.EndToEnd.Client.dll grpc http://{Servers.Rpc}:5000/", ["grpc: hello, machine"], "Unavailable", Servers.Rpc, 5000, "dotnet"),
    ];

    private static readonly Client[] OfPackages =
    [
        new("git", $"git ls-remote https://{Servers.Web}/repository.git", ["refs/heads/main"], "Access was denied|access denied", Servers.Web, 443, "git"),
        new("Python", $"python3 clients/ask.py http://{Servers.Web}/ https://{Servers.Web}/", ["urllib: hello over HTTP/1.1 and http\n", "urllib: hello over HTTP/1.1 and https"], "ACCESS_DENIED", Servers.Web, 443, "python3"),
        new("Node", $"node clients/ask.mjs http://{Servers.Web}/ https://{Servers.Web}/",
            ["fetch: hello over HTTP/1.1 and http\n", "module: hello over HTTP/1.1 and http\n", "fetch: hello over HTTP/1.1 and https", "module: hello over HTTP/1.1 and https", "http2: hello over HTTP/2 and https"],
            "alert access denied", Servers.Web, 443, "node"),
        new("Java", $"java -cp /tmp Ask clients/ca.pem http://{Servers.Web}/ https://{Servers.Web}/", ["HTTP_1_1: hello over HTTP/1.1 and https", "HTTP_2: hello over HTTP/1.1 and http\n", "HTTP_2: hello over HTTP/2 and https"],
            "access_denied", Servers.Web, 443, "java"),
        new("Go", $"rclone copyurl --stdout --retries 1 --low-level-retries 1 https://{Servers.Web}/file", ["a file over HTTP/2"], "access denied", Servers.Web, 443, "rclone"),
        new("psql, TLS", $"psql 'host={Servers.Database} user=postgres sslmode=verify-full sslrootcert=clients/ca.pem' -Atc \"select 6*7, ssl from pg_stat_ssl where pid=pg_backend_pid()\"",
            ["42|t"], "reset|closed", Servers.Database, 5432, "psql"),
        new("psql, plain", $"psql 'host={Servers.Database} user=postgres sslmode=disable' -Atc \"select 6*7, ssl from pg_stat_ssl where pid=pg_backend_pid()\"",
            ["42|f"], "reset|closed", Servers.Database, 5432, "psql"),
        new("ssh", $"install -m 600 clients/key /tmp/key; ssh -F none -i /tmp/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@{Servers.Shell} echo through ssh",
            ["through ssh"], "reset|closed", Servers.Shell, 22, "ssh"),
    ];

    // A server's address instead of its name.
    private static readonly Client Literal = new("an address", $"curl -sS http://{Internet.Server}/", [], "by name", Internet.Server, 80, "curl");

    [Fact]
    public async Task Programs_of_a_plain_machine_and_NETs_clients_pass_by_a_rule_alone()
    {
        Internet.SkipWhereThereIsNone();
        await TryAsync("", Everywhere);
    }

    [Theory]
    [InlineData("debian/12")]
    [InlineData("debian/13")]
    public async Task Programs_of_every_language_pass_by_a_rule_alone(string system)
    {
        Slow.SkipUnlessAsked();
        Internet.SkipWhereThereIsNone();
        await TryAsync($"image: {system}\npackages: [git, nodejs, python3, default-jdk-headless, rclone, postgresql-client, iputils-ping]\n", [.. Everywhere, .. OfPackages]);
    }

    [Fact]
    public async Task Programs_of_a_cloud_image_pass_by_a_rule_alone()
    {
        Slow.SkipUnlessAsked();
        Internet.SkipWhereThereIsNone();
        var disk = await CloudImageTests.DiskAsync();
        await TryAsync($"image: {{ path: \"{disk}\", sha256: {await CloudImageTests.HashAsync(disk)} }}\npackages: [git, python3, postgresql-client, iputils-ping]\n",
            [.. Everywhere, .. OfPackages.Where(client => client.Name is "git" or "Python" or "psql, TLS" or "psql, plain" or "ssh")]);
    }

    private static async Task TryAsync(string machinefile, IReadOnlyList<Client> clients)
    {
        machinefile = "sdk: none\nidle: never\n" + machinefile;
        // From packages, which are outside.
        await ProjectFolder.BuildImageAsync(machinefile, trusted: null, minutes: 40);
        await using var internet = await Internet.MakeAsync(Servers.Names);
        await using var servers = await Servers.StartAsync(internet);
        await using var project = new ProjectFolder("clients", machinefile) { Within = internet.Within };
        await BringAsync(project, servers.Certificate);
        if (clients.Any(client => client.Name == "ssh"))
        {
            await project.HostAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", project["clients/key"]);
            await servers.StartSystemAsync(internet, File.ReadAllText(project["clients/key.pub"]));
        }

        using var capture = new Capture(internet.OpenAtHost(Capture.Socket));
        (await project.RunAsync("start", "--approve")).ShouldSucceed();
        if (clients.Any(client => client.Name == "Java"))
        {
            (await ToolRun.RunAsync(project.Path, ["exec", "--", "javac", "-d", "/tmp", "clients/Ask.java"], within: internet.Within)).ShouldSucceed();
        }

        var failures = new List<string>();
        await NothingLeavesAsync(internet, servers, project, capture, [.. clients, Literal], failures);
        foreach (var rule in clients.Select(client => client.Port is 80 or 443 ? client.Server : $"{client.Server}:{client.Port}").Distinct())
        {
            (await project.RunAsync("network", "allow", rule, "--once")).ShouldSucceed();
        }

        foreach (var client in clients)
        {
            var ran = await client.RunAsync(project);
            var missing = client.Works.Where(words => !ran.Output.Contains(words, StringComparison.Ordinal)).ToList();
            Tell($"{client.Name}, allowed: exit code {ran.ExitCode}");
            if (ran.ExitCode != 0 || missing.Count > 0)
            {
                failures.Add($"{client.Name} lacks '{string.Join("', '", missing)}': {ran}");
            }
        }

        failures.ShouldBeEmpty();
        // The capture sees what does leave.
        await Eventually.TrueAsync(() => Task.FromResult(capture.Packets.ContainsKey($"tcp {Internet.Server}:443")), TimeSpan.FromSeconds(10));
        servers.Requests.ShouldNotBeEmpty();
    }

    private static async Task NothingLeavesAsync(Internet internet, Servers servers, ProjectFolder project, Capture capture, IReadOnlyList<Client> clients, List<string> failures)
    {
        var log = new ProjectMachine(MachinePaths.FromEnvironment(), new ProjectRoot(project.Path)).NetworkLog;
        var sent = await internet.PacketsAsync();
        foreach (var client in clients)
        {
            var known = EgressLog.Read(log).Count();
            var ran = await client.RunAsync(project);
            Tell($"{client.Name}, refused: {(ran.Output + ran.Error).ReplaceLineEndings(" ")}");
            if (!Regex.IsMatch(ran.Output + ran.Error, client.Refused, RegexOptions.IgnoreCase))
            {
                failures.Add($"{client.Name} does not say '{client.Refused}': {ran}");
            }

            // Where the protocol has no room for a reason it is in the log.
            var clock = Stopwatch.StartNew();
            while (!EgressLog.Read(log).Skip(known).Any(IsIts) && clock.Elapsed < InTheLog)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            if (!EgressLog.Read(log).Skip(known).Any(IsIts))
            {
                failures.Add($"{client.Name} is not in the log: {string.Join(Environment.NewLine, EgressLog.Read(log).Skip(known))}");
            }

            bool IsIts(EgressEntry entry) => entry.Server == client.Server && entry.Port == client.Port && entry.End == EgressEnd.Denied && entry.Reason is { Length: > 0 }
                && entry.Asker is { ProcessId: > 0 } asker && asker.Program.Contains(client.Program, StringComparison.Ordinal);
        }

        var refused = (await project.RootAsync($"bash clients/refused.sh {Servers.Web}; bash clients/refused.sh {Servers.Web}; bash clients/refused.sh {Servers.Web}")).ShouldSucceed();
        // A busy host makes anything slow once.
        foreach (var attempts in refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('|')).GroupBy(fields => fields[0]))
        {
            Tell($"{attempts.Key}: {string.Join(", ", attempts.Select(fields => fields[2] + " ms"))}: {attempts.First()[1]} {attempts.First()[3]}");
            if (attempts.Any(fields => fields[1] is "0" or "124") || attempts.Min(fields => int.Parse(fields[2], CultureInfo.InvariantCulture)) > AtOnce.TotalMilliseconds)
            {
                failures.Add($"{attempts.Key} is not refused at once: {string.Join("; ", attempts.Select(fields => string.Join(' ', fields)))}");
            }
        }

        // Of this host to its emulator alone: commands go that way.
        capture.Packets.Keys.ShouldAllBe(packet => packet.StartsWith("tcp 127.0.0.1:", StringComparison.Ordinal));
        capture.Packets.ShouldNotBeEmpty();
        (await internet.PacketsAsync()).ShouldBe(sent);
        servers.Requests.ShouldBeEmpty();
        var told = JsonDocument.Parse((await project.RunAsync("network", "log", "--json", "--denied", "-n", "1000")).ShouldSucceed().Output).RootElement.EnumerateArray().ToList();
        told.Count.ShouldBeGreaterThanOrEqualTo(clients.Count);
        failures.AddRange(told.Where(entry => !IsKnown(entry.GetProperty("asker"))).Select(entry => $"nobody is named in the log: {entry}"));
    }

    private static bool IsKnown(JsonElement asker) => asker.ValueKind == JsonValueKind.Object && asker.GetProperty("processId").GetInt32() > 0 && asker.GetProperty("program").GetString() != "?";

    private static void Tell(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    // What the clients need, in the project: the runtime that these tests run on, too.
    private static async Task BringAsync(ProjectFolder project, X509Certificate2 certificate)
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var root = Path.GetFullPath("../../..", runtime);
        Directory.CreateDirectory(project["clients/dotnet/shared/Microsoft.NETCore.App"]);
        Directory.CreateDirectory(project["clients/net"]);
        File.WriteAllText(project["clients/ca.pem"], certificate.ExportCertificatePem());
        File.Copy(Path.Combine(root, "dotnet"), project["clients/dotnet/dotnet"]);
        await project.HostAsync("cp", "-r", Path.Combine(root, "host"), project["clients/dotnet"]);
        await project.HostAsync("cp", "-r", runtime, project["clients/dotnet/shared/Microsoft.NETCore.App"]);
        await project.HostAsync("cp", "-r", Path.Combine(AppContext.BaseDirectory.Replace("Machine.EndToEnd.Tests", "Machine.EndToEnd.Client", StringComparison.Ordinal), "."), project["clients/net"]);
        await project.HostAsync("cp", "-r", Path.Combine(AppContext.BaseDirectory, "Clients/Inside/."), project["clients"]);
    }

    /// <param name="Command">For the guest's shell.</param>
    /// <param name="Works">What it says where a rule names the server.</param>
    /// <param name="Refused">What it says where none does, as a pattern.</param>
    /// <param name="Program">A part of the command line by which the log knows it.</param>
    private sealed record Client(string Name, string Command, IReadOnlyList<string> Works, string Refused, string Server, int Port, string Program)
    {
        public Task<ToolResult> RunAsync(ProjectFolder project) => project.ExecAsync("bash", "-c", Variables + Command);
    }
}
