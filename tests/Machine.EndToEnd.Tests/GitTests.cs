using System.Net.Sockets;
using System.Text.Json;
using Machine.Tool.Tests.Doors.Git;

namespace Machine.EndToEnd.Tests;

/// <summary>A real machine's git before a real server of another network: it clones and pushes with a password that never gets in.</summary>
public sealed class GitTests(GitTests.Behind behind) : IClassFixture<GitTests.Behind>
{
    private const string Identity = "-c user.name=T -c user.email=t@localhost";

    private ProjectFolder Project => behind.Project!;

    [Fact]
    public async Task A_plain_clone_works_and_a_push_once_it_is_allowed_and_the_password_is_nowhere_inside()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.ExecAsync("sh", "-c", "GIT_TRACE_CURL=1 GIT_TRACE_REDACT=0 git clone https://git.example.com/acme/shop /tmp/shop 2>/tmp/trace")).ShouldSucceed();
        (await Project.ExecAsync("cat", "/tmp/shop/file.txt")).ShouldSucceed().Output.ShouldBe("hello\n");
        (await Project.ExecAsync("git", "clone", "-q", "git@git.example.com:acme/shop.git", "/tmp/again")).ShouldSucceed();

        (await Project.ExecAsync("sh", "-c", $"cd /tmp/shop && echo inside >file.txt && git {Identity} commit -qam inside")).ShouldSucceed();
        var denied = await Project.ExecAsync("git", "-C", "/tmp/shop", "push");
        denied.ExitCode.ShouldNotBe(0);
        denied.Error.ShouldContain("may be cloned and not pushed to; on the host: dotnet machine network allow git+push:git.example.com/acme/shop");

        (await Project.RunAsync("network", "allow", "git+push:git.example.com/acme/shop", "--once")).ShouldSucceed();
        (await Project.ExecAsync("git", "-C", "/tmp/shop", "push", "-q")).ShouldSucceed();
        (await Project.HostAsync("git", "-C", Path.Combine(behind.Served, "acme/shop.git"), "log", "-1", "--format=%s", "main")).Trim().ShouldBe("inside");

        var other = await Project.ExecAsync("git", "clone", "https://git.example.com/other/private", "/tmp/private");
        other.ExitCode.ShouldNotBe(0);
        other.Error.ShouldContain("other/private is not among the repositories");
        behind.Server!.Requests.ShouldNotContain(request => request.Target.Contains("other", StringComparison.Ordinal));
        behind.Server.Requests.ShouldContain(request => request.Authorization != null);

        // Root of the machine looks for it, in files and in what every process was started with.
        var half = GitServer.Password.Length / 2;
        (await Project.RootAsync($"printf '%s%s' '{GitServer.Password[..half]}' '{GitServer.Password[half..]}' | grep -rslF -f - /etc /home /root /tmp /machine /proc/[0-9]*/environ /proc/[0-9]*/cmdline; true"))
            .ShouldSucceed().Output.ShouldBe("");
        var log = JsonDocument.Parse((await Project.RunAsync("network", "log", "--json", "-n", "1000")).ShouldSucceed().Output).RootElement.EnumerateArray().ToList();
        log.ShouldContain(entry => entry.GetProperty("end").GetString() == "closed" && entry.GetProperty("request").GetString() == "push to acme/shop");
        log.ShouldContain(entry => entry.GetProperty("end").GetString() == "denied" && entry.GetProperty("request").GetString() == "fetch from other/private");
        (await Project.RunAsync("network", "check", "git:git.example.com/acme/shop")).ShouldSucceed();
        (await Project.RunAsync("network", "check", "git:git.example.com/other/private")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_machine_that_was_suspended_fetches_again()
    {
        Internet.SkipWhereThereIsNone();
        (await Project.ExecAsync("git", "ls-remote", "https://git.example.com/acme/shop")).ShouldSucceed().Output.ShouldContain("refs/heads/main");

        (await Project.RunAsync("suspend")).ShouldSucceed();

        (await Project.ExecAsync("git", "ls-remote", "https://git.example.com/acme/shop")).ShouldSucceed().Output.ShouldContain("refs/heads/main");
    }

    /// <summary>A machine at the host's end of an internet, a server of git at the other, and a helper on the host that knows its password.</summary>
    public sealed class Behind : IAsyncLifetime
    {
        private readonly string folder = Directory.CreateTempSubdirectory("machine-git-").FullName;
        private Internet? internet;
        private Socket? listening;

        public GitServer? Server { get; private set; }

        public ProjectFolder? Project { get; private set; }

        public string Served => Path.Combine(folder, "served");

        public async ValueTask InitializeAsync()
        {
            if (Environment.UserName != "root")
            {
                return;
            }

            await ServeAsync("acme/shop");
            await ServeAsync("other/private");
            internet = await Internet.MakeAsync(("git.example.com", Internet.Server));
            listening = internet.Listen(443);
            Server = await GitServer.StartAsync(Served, listening);
            var trusted = ProjectFolder.Trusting(Server.Certificate);
            File.WriteAllText(
                Path.Combine(folder, "config"), $"[credential]\n\thelper = \"!f() {{ test \\\"$1\\\" != get || printf 'username={GitServer.User}\\npassword={GitServer.Password}\\n'; }}; f\"\n");
            Project = new ProjectFolder("git", "sdk: none\nidle: never\nnetwork: { allow: [\"git:git.example.com/acme/*\"] }\n")
            {
                Within = [.. internet.Within, "env", $"SSL_CERT_FILE={trusted}", $"GIT_CONFIG_GLOBAL={folder}/config"],
            };
            // From packages, which are outside.
            await ProjectFolder.BuildImageAsync("sdk: none\n", trusted);
            (await Project.RunAsync("start", "--approve")).ShouldSucceed();
        }

        public async ValueTask DisposeAsync()
        {
            if (Project is not null)
            {
                await Project.DisposeAsync();
            }

            if (Server is not null)
            {
                await Server.DisposeAsync();
            }

            listening?.Dispose();
            if (internet is not null)
            {
                await internet.DisposeAsync();
            }

            Directory.Delete(folder, recursive: true);
        }

        private async Task ServeAsync(string path)
        {
            var bare = Path.Combine(Served, path + ".git");
            var work = Directory.CreateDirectory(Path.Combine(folder, "work", path)).FullName;
            await ProjectFolder.HostInAsync(folder, "git", "init", "-q", "--bare", "-b", "main", bare);
            await ProjectFolder.HostInAsync(work, "git", "init", "-q", "-b", "main");
            File.WriteAllText(Path.Combine(work, "file.txt"), "hello\n");
            await ProjectFolder.HostInAsync(work, "git", "add", "-A");
            await ProjectFolder.HostInAsync(work, "git", "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-q", "-m", "first");
            await ProjectFolder.HostInAsync(work, "git", "push", "-q", bare, "main");
        }
    }
}
