using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Machine.Tool.Tests.Doors;

namespace Machine.EndToEnd.Tests;

/// <summary>Docker in a machine before a real registry of another network: what containers reach is what the machine reaches, and nobody reaches them.</summary>
public sealed class DockerTests(DockerTests.Behind behind) : IClassFixture<DockerTests.Behind>
{
    private const string Image = "registry.example.com/busybox:1";

    private ProjectFolder Project => behind.Project!;

    [Fact]
    public async Task Images_are_pulled_built_and_run_under_the_machines_own_rules()
    {
        SkipUnlessHere();

        // Nobody asked for it yet, so it does not run.
        (await Project.RootAsync("systemctl is-active docker.service containerd.service; stat -c '%A %G' /run/docker.sock; mountpoint -q /var/lib/docker && echo on a volume"))
            .Output.ShouldBe("inactive\ninactive\nsrw-rw---- docker\non a volume\n");

        await ImportAsync();
        (await SlowAsync("docker", "push", "-q", Image)).ShouldSucceed();
        (await SlowAsync("docker", "rmi", "-f", Image)).ShouldSucceed();
        (await SlowAsync("docker", "pull", "-q", Image)).ShouldSucceed().Output.ShouldBe(Image + "\n");
        var other = await SlowAsync("docker", "pull", "other.example.com/busybox:1");
        other.ExitCode.ShouldNotBe(0);
        (await LogAsync()).ShouldContain(entry => Server(entry) == "other.example.com:443 denied" && Program(entry).Contains("dockerd", StringComparison.Ordinal));

        // As the machine: with the engine's network, with the machine's own, as its root.
        foreach (var how in new[] { "--network=bridge", "--network=host", "--privileged" })
        {
            (await ContainerAsync(how, "wget -qO- http://web.example.com/")).ShouldSucceed().Output.ShouldBe("hello\n", how);
            var packets = await behind.Internet!.PacketsAsync();
            var denied = await ContainerAsync(how, """
                wget -qO- http://denied.example.com/
                echo | nc -w 60 11.8.0.2 81
                nslookup printer.local
                timeout 60 nslookup web.example.com 9.9.9.9; echo udp $?
                echo ipv6 $(awk '$2 == "00" && $10 != "lo"' /proc/net/ipv6_route)
                """);
            denied.ToString().ShouldContain("403 Forbidden");
            denied.Output.ShouldContain("NXDOMAIN");
            denied.Output.ShouldEndWith("udp 1\nipv6\n", Case.Sensitive, how);
            (await behind.Internet.PacketsAsync()).ShouldBe(packets, how);
        }

        (await LogAsync()).ShouldContain(entry => Server(entry) == $"{Internet.Server}:81 denied");
        (await LogAsync()).ShouldContain(entry => Server(entry) == "denied.example.com:80 denied" && Program(entry).StartsWith("wget -qO- http://denied.example.com/ (container ", StringComparison.Ordinal));

        Project.Write("Dockerfile", $"FROM {Image}\nRUN wget -qO /built http://web.example.com/\n");
        (await SlowAsync("docker", "build", "-q", "-t", "built", ".")).ShouldSucceed();
        (await SlowAsync("docker", "run", "--rm", "built", "cat", "/built")).ShouldSucceed().Output.ShouldBe("hello\n");
        Project.Write("Dockerfile", $"FROM {Image}\nRUN wget -qO /built http://denied.example.com/\n");
        (await SlowAsync("docker", "build", "-q", "-t", "built", ".")).ToString().ShouldContain("403 Forbidden");
    }

    [Fact]
    public async Task Services_of_the_host_are_at_the_machines_own_address_under_its_rules()
    {
        SkipUnlessHere();
        await ImportAsync();

        var index = await ContainerAsync("--network=bridge", "wget -qO- http://198.18.0.1:7780/nuget/v3/index.json");
        var npm = await ContainerAsync("--network=bridge", "wget -qO- http://198.18.0.1:7780/npm/left-pad");
        var configured = await SlowAsync("docker", "run", "--rm", "-v", "/machine/etc/containers:/c:ro", Image, "cat", "/c/nuget.config", "/c/npmrc");
        var control = await ContainerAsync("--network=bridge", "wget -qO- http://198.18.0.1:7780/v1/status");

        index.ShouldSucceed().Output.ShouldContain("http://198.18.0.1:7780/nuget/v3/");
        npm.ToString().ShouldContain("403 machine: npm is not among what this project's machine may reach");
        configured.ShouldSucceed().Output.ShouldContain("http://198.18.0.1:7780/nuget/v3/index.json");
        control.ToString().ShouldContain("server returned error: HTTP/1.1 404");
    }

    [Fact]
    public async Task A_published_port_ends_in_the_machine_where_the_machinefile_does_not_forward_it()
    {
        SkipUnlessHere();
        await ImportAsync();
        foreach (var (name, port) in new[] { ("seen", 8080), ("unseen", 8081) })
        {
            (await SlowAsync("docker", "run", "-d", "--name", name, "-p", $"{port}:80", Image, "sh", "-c", $"echo {name} >/index.html; httpd -f -h /")).ShouldSucceed();
        }

        (await Project.ExecAsync("curl", "-sS", "--retry", "20", "--retry-connrefused", "http://127.0.0.1:8080/", "http://127.0.0.1:8081/")).ShouldSucceed().Output.ShouldBe("seen\nunseen\n");
        (await AtTheHostAsync("curl -sS -m 60 http://127.0.0.1:18080/")).ShouldBe("seen\n");
        foreach (var port in new[] { 8080, 8081, 18081 })
        {
            (await AtTheHostAsync($"curl -sS -m 20 http://127.0.0.1:{port}/ || echo refused")).ShouldBe("refused\n");
        }

        (await SlowAsync("docker", "rm", "-f", "seen", "unseen")).ShouldSucceed();
    }

    [Fact]
    public async Task Compose_starts_services_that_find_one_another()
    {
        SkipUnlessHere();
        await ImportAsync();
        Project.Write("compose.yaml", $"""
            services:
              shop:
                image: {Image}
                command: sh -c 'echo from the shop >/index.html; httpd -f -h /'
              visitor:
                image: {Image}
                depends_on: [shop]
                command: sh -c 'until wget -qO- http://shop/; do sleep 1; done; wget -qO- http://web.example.com/'
            """);

        (await SlowAsync("docker-compose", "up", "-d")).ShouldSucceed();

        var said = await SlowAsync("sh", "-c", "docker wait $(docker ps -qaf label=com.docker.compose.service=visitor) && docker logs $(docker ps -qaf label=com.docker.compose.service=visitor) 2>/dev/null; docker-compose down");
        said.ShouldSucceed().Output.ShouldBe("0\nfrom the shop\nhello\n");
    }

    [Fact]
    public async Task Testcontainers_starts_PostgreSQL_and_a_program_of_NET_asks_it()
    {
        SkipUnlessHere();
        // The distribution's PostgreSQL behind an entry point that does what the official image's does; this host makes it, much faster.
        Project.Write("postgres/entrypoint.sh", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "postgres.sh")));
        await Project.HostAsync(
            "mmdebstrap", "--quiet", "--variant=minbase", "--include=postgresql-15", "--dpkgopt=path-exclude=/usr/share/{doc,man,locale}/*",
            "--customize-hook=copy-in postgres/entrypoint.sh /usr/local/bin", "--customize-hook=chmod 755 $1/usr/local/bin/entrypoint.sh; rm -rf $1/var/lib/apt/lists $1/var/cache/apt", "bookworm", "postgres/root.tar");
        Project.Write("tests/tests.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Testcontainers.PostgreSql" Version="4.16.0" />
                <PackageReference Include="Npgsql" Version="10.0.3" />
              </ItemGroup>
            </Project>
            """);
        Project.Write("tests/Program.cs", """
            await using var postgres = Builder().Build();
            await postgres.StartAsync();
            await using var connection = new Npgsql.NpgsqlConnection(postgres.GetConnectionString());
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand("select 6 * 7", connection);
            System.Console.WriteLine(await command.ExecuteScalarAsync());

            // Testcontainers gives a pattern a second, which an emulated processor takes to compile it.
            static Testcontainers.PostgreSql.PostgreSqlBuilder Builder()
            {
                while (true)
                {
                    try { return new("registry.example.com/postgres:15"); }
                    catch (System.Text.RegularExpressions.RegexMatchTimeoutException) { }
                }
            }
            """);
        await ProjectFolder.HostInAsync(Project["tests"], "dotnet", "publish", "-v", "q", "-r", "linux-x64", "--self-contained", "-o", Project["app"]);
        (await SlowAsync("docker", "import", "-c", "ENTRYPOINT [\"entrypoint.sh\"]", "-c", "CMD [\"postgres\"]", "-c", "EXPOSE 5432", "postgres/root.tar", "registry.example.com/postgres:15")).ShouldSucceed();

        var answer = await SlowAsync("sh", "-c", "TESTCONTAINERS_RYUK_DISABLED=true DOCKER_API_VERSION=1.41 DOTNET_TieredPGO=0 ./app/tests");

        answer.ShouldSucceed().Output.ShouldMatch("(?m)^42$");
        (await SlowAsync("docker", "ps", "-qa", "--filter", "ancestor=registry.example.com/postgres:15")).ShouldSucceed().Output.ShouldBe("");
    }

    [Fact]
    public async Task Containers_outlive_a_suspend_and_images_a_stop()
    {
        SkipUnlessHere();
        await ImportAsync();
        (await SlowAsync("docker", "run", "-d", "--name", "stays", Image, "sleep", "100000")).ShouldSucceed();
        (await SlowAsync("docker", "run", "-d", "--name", "holds", "-v", $"{Project.Path}:/src:ro", Image, "sleep", "100000")).ShouldSucceed();

        // What has the host's folder can't be frozen: it is named, and everything goes on.
        var held = await Project.RunAsync("suspend");
        held.ExitCode.ShouldNotBe(0);
        held.Error.ShouldContain("sleep (process ");
        held.Error.ShouldContain("in a container, has " + Project.Path);
        (await SlowAsync("docker", "exec", "holds", "cat", "/src/Machinefile")).ShouldSucceed();

        (await SlowAsync("docker", "rm", "-f", "holds")).ShouldSucceed();
        (await Project.RunAsync("suspend")).ShouldSucceed();
        (await SlowAsync("docker", "exec", "stays", "wget", "-qO-", "http://web.example.com/")).ShouldSucceed().Output.ShouldBe("hello\n");

        (await Project.RunAsync("stop")).ShouldSucceed();
        (await SlowAsync("docker", "ps", "-a", "--format", "{{.Names}} {{.Image}} {{.State}}")).ShouldSucceed().Output.ShouldBe($"stays {Image} exited\n");
        (await SlowAsync("docker", "start", "stays")).ShouldSucceed();
        (await SlowAsync("docker", "rm", "-f", "stays")).ShouldSucceed();
    }

    private static void SkipUnlessHere()
    {
        Slow.SkipUnlessAsked();
        Internet.SkipWhereThereIsNone();
        Assert.SkipUnless(File.Exists(Behind.Registry), "there is no registry: eng/prerequisites.sh --tests");
    }

    /// <summary>Of the guest's own busybox, which needs no library.</summary>
    private async Task ImportAsync() => (await SlowAsync("sh", "-c", $"""
        docker image inspect {Image} >/dev/null 2>&1 && exit
        set -e
        mkdir -p /tmp/image/bin /tmp/image/tmp /tmp/image/etc
        cp /bin/busybox /tmp/image/bin/
        for name in sh cat echo sleep wget nc nslookup httpd timeout awk; do ln -sf busybox /tmp/image/bin/$name; done
        tar -C /tmp/image -c . | docker import -c 'CMD ["sh"]' - {Image}
        """)).ShouldSucceed();

    private Task<ToolResult> SlowAsync(params string[] command) => ToolRun.RunAsync(Project.Path, ["exec", "--", .. command], minutes: 15, within: Project.Within);

    private Task<ToolResult> ContainerAsync(string how, string script) => SlowAsync("docker", "run", "--rm", how, Image, "sh", "-c", script);

    private Task<string> AtTheHostAsync(string script) => ProjectFolder.HostInAsync(Project.Path, behind.Internet!.Within[0], [.. behind.Internet.Within.Skip(1), "sh", "-c", script]);

    private async Task<List<JsonElement>> LogAsync()
    {
        // One that was denied waits two seconds for who asked.
        await Task.Delay(2500, TestContext.Current.CancellationToken);
        return [.. JsonDocument.Parse((await Project.RunAsync("network", "log", "--json", "-n", "1000")).ShouldSucceed().Output).RootElement.EnumerateArray()];
    }

    private static string Server(JsonElement entry) => $"{entry.GetProperty("server").GetString()}:{entry.GetProperty("port").GetInt32()} {entry.GetProperty("end").GetString()}";

    private static string Program(JsonElement entry) => entry.TryGetProperty("asker", out var asker) && asker.ValueKind == JsonValueKind.Object ? asker.GetProperty("program").GetString()! : "";

    /// <summary>A machine with Docker at the host's end of an internet; a registry with TLS and a web server at the other.</summary>
    public sealed class Behind : IAsyncLifetime
    {
        public const string Registry = "/usr/bin/docker-registry";

        private readonly string folder = Directory.CreateTempSubdirectory("machine-docker-").FullName;
        private Process? registry;
        private Socket? web;

        public Internet? Internet { get; private set; }

        public ProjectFolder? Project { get; private set; }

        public async ValueTask InitializeAsync()
        {
            if (Environment.UserName != "root" || !Slow.IsAsked || !File.Exists(Registry))
            {
                return;
            }

            Internet = await Internet.MakeAsync([.. new[] { "registry", "web", "denied", "other" }.Select(name => ($"{name}.example.com", Internet.Server))]);
            web = Internet.Listen(80);
            _ = ServeAsync(web);
            using var certificate = TestCertificate.For("registry.example.com");
            registry = Serve(certificate);
            var trusted = ProjectFolder.Trusting(certificate);
            const string Of = "sdk: none\ndocker: true\npackages: [busybox-static]\n";
            Project = new ProjectFolder("docker", Of + "idle: never\nports: [\"18080:8080\"]\nnetwork: { allow: [registry.example.com, web.example.com] }\n")
            {
                Within = [.. Internet.Within, "env", $"SSL_CERT_FILE={trusted}"],
            };
            // From packages, which are outside.
            await ProjectFolder.BuildImageAsync(Of, trusted, minutes: 40);
            (await Project.RunAsync("start", "--approve")).ShouldSucceed();
        }

        public async ValueTask DisposeAsync()
        {
            registry?.Kill(entireProcessTree: true);
            registry?.Dispose();
            web?.Dispose();
            if (Project is not null)
            {
                await Project.DisposeAsync();
            }

            if (Internet is not null)
            {
                await Internet.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }

        private Process Serve(X509Certificate2 certificate)
        {
            File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(folder, "key.pem"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(Path.Combine(folder, "config.yml"), $"""
                version: 0.1
                storage: {"{"} filesystem: {"{"} rootdirectory: {folder}/images {"}"} {"}"}
                http:
                  addr: 0.0.0.0:443
                  tls: {"{"} certificate: {folder}/cert.pem, key: {folder}/key.pem {"}"}
                """);
            var start = new ProcessStartInfo("ip", [.. Internet!.AtTheServer.Skip(1), "sh", "-c", $"exec {Registry} serve {folder}/config.yml >{folder}/log 2>&1"]);
            return Process.Start(start)!;
        }

        private static async Task ServeAsync(Socket listening)
        {
            while (true)
            {
                var client = await listening.AcceptAsync();
                _ = Task.Run(async () =>
                {
                    await using var stream = new NetworkStream(client, ownsSocket: true);
                    using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                    while (await reader.ReadLineAsync() is { Length: > 0 })
                    {
                    }

                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"u8.ToArray());
                });
            }
        }
    }
}
