using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Tests.Doors;

namespace Machine.EndToEnd.Tests;

/// <summary>Programs inside reach what the rules name, by name, and nothing else; real clients of the guest before real servers.</summary>
public sealed class DoorTests(DoorTests.Behind behind) : IClassFixture<DoorTests.Behind>
{
    private ProjectFolder Project => behind.Project!;

    [Fact]
    public async Task Without_a_rule_no_packet_leaves_and_the_reason_is_in_the_programs_own_words_and_in_the_log()
    {
        Internet.SkipWhereThereIsNone();
        var (packets, known, accepted) = (await behind.Internet!.PacketsAsync(), (await LogAsync()).Select(IdOf).ToHashSet(), behind.Accepted);

        var http = await Project.ExecAsync("curl", "-sS", "-m", "60", "http://other.example.com/");
        var https = await Project.ExecAsync("curl", "-sS", "-m", "60", "https://other.example.com/");
        var literal = await Project.ExecAsync("curl", "-sS", "-m", "60", $"http://{Internet.Server}:5432/");
        var names = await Project.ExecAsync("sh", "-c", "getent hosts other.example.com; getent hosts printer.local; getent hosts metadata.google.internal; true");
        var datagram = await Project.ExecAsync("timeout", "20", "bash", "-c", "echo x >/dev/udp/other.example.com/443");

        http.ShouldSucceed().Output.ShouldContain("dotnet machine network allow other.example.com");
        https.ExitCode.ShouldNotBe(0);
        https.Error.ShouldContain("alert");
        literal.ExitCode.ShouldNotBe(0);
        names.Output.ShouldStartWith("198.1");
        names.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1, names.ToString());
        datagram.ExitCode.ShouldNotBeOneOf(0, 124);
        (await behind.Internet.PacketsAsync()).ShouldBe(packets);
        behind.Accepted.ShouldBe(accepted);
        var log = (await LogAsync()).Where(entry => !known.Contains(IdOf(entry))).ToList();
        log.Select(entry => $"{entry.GetProperty("server").GetString()}:{entry.GetProperty("port").GetInt32()} {entry.GetProperty("end").GetString()}")
            .ShouldBe(["other.example.com:80 denied", "other.example.com:443 denied", $"{Internet.Server}:5432 denied"], ignoreOrder: true);
        log.ShouldAllBe(entry => entry.GetProperty("asker").GetProperty("program").GetString()!.StartsWith("curl -sS"));
        (await Project.RunAsync("status")).Output.ShouldContain("connections out of the machine");
    }

    [Fact]
    public async Task What_is_allowed_works_at_the_next_connection_and_no_more_when_it_is_denied()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.ExecAsync("curl", "-sS", "http://api.example.com/")).ShouldSucceed().Output.ShouldContain("network allow");

        (await Project.RunAsync("network", "allow", "api.example.com")).ShouldSucceed();

        (await Project.ExecAsync("curl", "-sS", "http://api.example.com/")).ShouldSucceed().Output.ShouldBe("hello over http\n");
        (await Project.ExecAsync("curl", "-sSk", "https://api.example.com/")).ShouldSucceed().Output.ShouldBe("hello over tls to api.example.com\n");
        File.ReadAllText(Project["Machinefile"]).ShouldContain("    - api.example.com");
        (await Project.RunAsync("network", "check", "api.example.com")).ShouldSucceed();
        (await Project.RunAsync("network", "deny", "api.example.com", "--once")).ShouldSucceed();
        (await Project.ExecAsync("curl", "-sSk", "https://api.example.com/")).ExitCode.ShouldNotBe(0);
        (await Project.RunAsync("network", "check", "api.example.com")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_command_that_fails_is_told_what_was_denied_and_learn_proposes_the_rule()
    {
        Internet.SkipWhereThereIsNone();

        var failed = await Project.ExecAsync("curl", "-sS", "-m", "60", "https://told.example.com/");
        var passed = await Project.ExecAsync("sh", "-c", "curl -sS -m 60 https://told.example.com/; true");
        var learned = await Project.RunAsync("network", "learn", "--json", "--", "sh", "-c", "curl -sS -m 60 http://learned.example.com/; curl -sS -m 60 https://learned.example.com/; exit 9");

        failed.ExitCode.ShouldNotBe(0);
        failed.Error.ShouldContain("machine: denied while this ran: told.example.com:443 (curl): dotnet machine network allow told.example.com, or network log\n");
        passed.ShouldSucceed().Error.ShouldNotContain("denied while this ran");
        learned.ExitCode.ShouldBe(9, learned.ToString());
        var rule = JsonDocument.Parse(learned.Output).RootElement.GetProperty("rules").EnumerateArray().ShouldHaveSingleItem();
        rule.GetProperty("rule").GetString().ShouldBe("learned.example.com");
        rule.GetProperty("connections").GetInt32().ShouldBe(2);
        rule.GetProperty("program").GetString().ShouldNotBeNull().ShouldStartWith("curl -sS");
    }

    [Fact]
    public async Task A_rule_that_was_removed_is_over_at_the_next_connection()
    {
        Internet.SkipWhereThereIsNone();
        var before = File.ReadAllText(Project["Machinefile"]);
        (await Project.RunAsync("network", "allow", "gone.example.com")).ShouldSucceed();
        (await Project.ExecAsync("curl", "-sS", "http://gone.example.com/")).ShouldSucceed().Output.ShouldBe("hello over http\n");

        (await Project.RunAsync("network", "remove", "gone.example.com")).ShouldSucceed();

        (await Project.ExecAsync("curl", "-sS", "http://gone.example.com/")).ShouldSucceed().Output.ShouldContain("network allow");
        (await Project.RunAsync("network", "show")).ShouldSucceed().Output.ShouldNotContain("gone.example.com");
        (await Project.RunAsync("network", "check", "gone.example.com")).ExitCode.ShouldBe(1);
        // The empty list that is left is written otherwise than none, and another test looks at how a rule is written.
        File.WriteAllText(Project["Machinefile"], before);
    }

    [Fact]
    public async Task A_connection_to_an_allowed_name_is_for_no_other_server()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.RunAsync("network", "allow", "front.example.com", "--once")).ShouldSucceed();
        (await Project.ExecAsync("curl", "-sSk", "https://front.example.com/")).ShouldSucceed().Output.ShouldBe("hello over tls to front.example.com\n");
        var accepted = behind.Accepted;

        var tls = await Project.ExecAsync("sh", "-c", "a=$(getent hosts front.example.com | cut -d' ' -f1); curl -sSk -m 60 --resolve evil.example.com:443:$a https://evil.example.com/");
        var http = await Project.ExecAsync("curl", "-sS", "-m", "60", "-H", "Host: evil.example.com", "http://front.example.com/");

        tls.ExitCode.ShouldNotBe(0, tls.ToString());
        http.Output.ShouldContain("asks for another server");
        behind.Accepted.ShouldBe(accepted);
    }

    [Fact]
    public async Task Other_protocols_pass_whole_where_a_rule_names_the_port()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.RunAsync("network", "allow", "db.example.com:5432", "--once")).ShouldSucceed();

        // 8 MiB there and back.
        var echo = await Project.ExecAsync(
            "bash", "-c", "head -c 8388608 /dev/urandom >/tmp/sent; exec 3<>/dev/tcp/db.example.com/5432; cat /tmp/sent >&3 & head -c 8388608 <&3 >/tmp/back; cmp /tmp/sent /tmp/back && echo same");

        echo.ShouldSucceed().Output.ShouldBe("same\n");
    }

    [Fact]
    public async Task Eleven_hundred_connections_at_once_lose_nothing_and_commands_have_the_usual_descriptors()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.RunAsync("network", "allow", "db.example.com:5432", "--once")).ShouldSucceed();
        const string Script = """
            ulimit -Sn
            ulimit -n 4096
            address=$(getent hosts db.example.com | cut -d' ' -f1)
            for i in $(seq 1001 2100); do exec {one}<>/dev/tcp/$address/5432; open[i]=$one; echo "line $i" >&$one; done
            for i in ${!open[@]}; do read -r line <&${open[i]}; [ "$line" = "line $i" ] || echo "$i: $line"; done
            """;

        var all = await Project.ExecAsync("bash", "-c", Script);

        all.ShouldSucceed().Output.ShouldBe("1024\n");
    }

    [Fact]
    public async Task A_name_that_leads_into_a_private_network_is_not_followed()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.RunAsync("network", "allow", "inner.example.com", "--once")).ShouldSucceed();

        (await Project.ExecAsync("curl", "-sS", "http://inner.example.com/")).ShouldSucceed().Output.ShouldContain("an address of a private network");
    }

    [Fact]
    public async Task The_door_comes_again_when_its_program_is_killed_inside_and_names_keep_their_addresses()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.RunAsync("network", "allow", "again.example.com", "--once")).ShouldSucceed();
        const string Ask = "getent hosts again.example.com | cut -d' ' -f1; curl -sS http://again.example.com/";
        var before = (await Project.ExecAsync("sh", "-c", Ask)).ShouldSucceed().Output;
        before.ShouldEndWith("hello over http\n");

        (await Project.RootAsync("systemctl kill -s KILL machine-door; sleep 2")).ShouldSucceed();
        // A program that knows the address goes on with it.
        (await Project.ExecAsync("curl", "-sS", "--resolve", $"again.example.com:80:{before.Split('\n')[0]}", "http://again.example.com/")).ShouldSucceed().Output.ShouldBe("hello over http\n");
        (await Project.ExecAsync("sh", "-c", Ask)).ShouldSucceed().Output.ShouldBe(before);

        (await Project.RunAsync("suspend")).ShouldSucceed();
        (await Project.ExecAsync("sh", "-c", Ask)).ShouldSucceed().Output.ShouldBe(before);
    }

    [Fact]
    public async Task Services_of_the_host_are_at_the_machines_own_address_too_where_containers_reach_them()
    {
        Internet.SkipWhereThereIsNone();

        var index = await Project.ExecAsync("curl", "-sS", "http://198.18.0.1:7780/nuget/v3/index.json");
        var npm = await Project.ExecAsync("curl", "-sS", "http://198.18.0.1:7780/npm/left-pad");
        var other = await Project.ExecAsync("curl", "-sS", "-H", "Host: 198.18.0.2:7780", "http://198.18.0.1:7780/nuget/v3/index.json");

        index.ShouldSucceed().Output.ShouldContain("\"http://198.18.0.1:7780/nuget/v3/");
        index.Output.ShouldNotContain("127.0.0.1");
        npm.ShouldSucceed().Output.ShouldContain("npm is not among what this project");
        other.ShouldSucceed().Output.ShouldContain("loopback");
    }

    [Fact]
    public async Task A_request_carries_a_secret_that_is_nowhere_in_the_machine()
    {
        Internet.SkipWhereThereIsNone();

        var answer = await Project.ExecAsync("curl", "-sS", "http://api-key.secret.internal/v1/things", "-H", "Authorization: Bearer of-the-guest");
        var inside = await Project.RootAsync("env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr '\\0' '\\n'");
        (await Project.RunAsync("suspend")).ShouldSucceed();

        answer.ShouldSucceed().Output.ShouldBe("hello over tls to secret.example.com\n");
        behind.Authorization.ShouldBe("Bearer " + Behind.Secret);
        inside.ShouldSucceed().Output.ShouldContain("MACHINE_SECRET_API_KEY=http://api-key.secret.internal");
        inside.Output.ShouldNotContain(Behind.Secret);
        // The frozen memory, the disks, the logs.
        var folder = new ProjectMachine(MachinePaths.FromEnvironment(), new ProjectRoot(Project.Path)).State;
        (await Project.HostAsync("sh", "-c", $"grep -rlaF {Behind.Secret} '{folder}'; ls '{folder}'/suspended | wc -l")).ShouldMatch("^[1-9][0-9]*\n$");
    }

    private static long IdOf(JsonElement entry) => entry.GetProperty("id").GetInt64();

    private async Task<List<JsonElement>> LogAsync()
    {
        // One that was denied waits five seconds for who asked.
        await Task.Delay(5500, TestContext.Current.CancellationToken);
        return [.. JsonDocument.Parse((await Project.RunAsync("network", "log", "--json", "-n", "1000")).ShouldSucceed().Output).RootElement.EnumerateArray()];
    }

    /// <summary>A machine without an SDK at the host's end of an internet, and servers at the other.</summary>
    public sealed class Behind : IAsyncLifetime
    {
        public const string Secret = "canary-0f6b1d4e";

        private readonly List<Socket> listening = [];
        private X509Certificate2? trusted;
        private int accepted;

        public Internet? Internet { get; private set; }

        public ProjectFolder? Project { get; private set; }

        public int Accepted => Volatile.Read(ref accepted);

        /// <summary>What a server with TLS was signed in to with.</summary>
        public string? Authorization { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (Environment.UserName != "root")
            {
                return;
            }

            Internet = await Internet.MakeAsync(
                [.. new[] { "api", "other", "front", "evil", "db", "again", "gone", "secret" }.Select(name => ($"{name}.example.com", Internet.Server)), ("inner.example.com", "10.9.9.9")]);
            Serve(80, HttpAsync);
            Serve(443, TlsAsync);
            Serve(5432, EchoAsync);
            trusted = TestCertificate.For("secret.example.com");
            var file = ProjectFolder.Trusting(trusted);
            Project = new ProjectFolder("door", "sdk: none\nidle: never\nsecrets: { API_KEY: { from: env, to: secret.example.com } }\n")
            {
                Within = [.. Internet.Within, "env", $"SSL_CERT_FILE={file}", $"API_KEY={Secret}"],
            };
            // From packages, which are outside.
            await ProjectFolder.BuildImageAsync("sdk: none\n", file);
            (await Project.RunAsync("start", "--approve")).ShouldSucceed();
        }

        public async ValueTask DisposeAsync()
        {
            listening.ForEach(socket => socket.Dispose());
            if (Project is not null)
            {
                await Project.DisposeAsync();
            }

            if (Internet is not null)
            {
                await Internet.DisposeAsync();
            }
        }

        private void Serve(int port, Func<Stream, Task> serve)
        {
            var socket = Internet!.Listen(port);
            listening.Add(socket);
            _ = Task.Run(async () =>
            {
                while (true)
                {
                    var client = await socket.AcceptAsync();
                    Interlocked.Increment(ref accepted);
                    _ = Task.Run(async () =>
                    {
                        await using var stream = new NetworkStream(client, ownsSocket: true);
                        await serve(stream);
                    });
                }
            });
        }

        private static async Task HttpAsync(Stream stream) => await AnswerAsync(stream, "hello over http\n");

        private async Task TlsAsync(Stream stream)
        {
            await using var tls = new SslStream(stream);
            using var untrusted = TestCertificate.For("api.example.com");
            await tls.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(
                new SslServerAuthenticationOptions { ServerCertificate = hello.ServerName == "secret.example.com" ? trusted! : untrusted }), null, CancellationToken.None);
            await AnswerAsync(tls, $"hello over tls to {tls.TargetHostName}\n", line =>
            {
                if (line.StartsWith("Authorization: ", StringComparison.Ordinal))
                {
                    Authorization = line["Authorization: ".Length..];
                }
            });
        }

        private static async Task AnswerAsync(Stream stream, string body, Action<string>? told = null)
        {
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync() is { Length: > 0 } line)
            {
                told?.Invoke(line);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        }

        private static async Task EchoAsync(Stream stream) => await stream.CopyToAsync(stream);
    }
}
