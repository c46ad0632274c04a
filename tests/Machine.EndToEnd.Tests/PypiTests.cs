using System.Text.Json;
using Machine.Tool.Tests.Packages.Pypi;

namespace Machine.EndToEnd.Tests;

/// <summary>pip of the distribution inside, from an index of this host's configuration that wants a password: each file is fetched once for all machines.</summary>
public sealed class PypiTests
{
    private const string Password = "canary-of-the-index-51e0";
    private const string Machinefile = "sdk: none\nidle: never\npackages: [python3-pip, python3-venv]\n";

    [Fact]
    public async Task Pip_installs_from_the_hosts_index_and_a_second_machine_fetches_no_file_again()
    {
        Slow.SkipUnlessAsked();
        await using var index = (await PythonIndex.StartAsync()).AddWheel("thing", "1.2.3").AddWheel("thing", "1.0.0");
        index.Server.Authorization = "Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("me:" + Password));
        var settings = new Dictionary<string, string?> { ["PIP_INDEX_URL"] = index.Url.Replace("http://", $"http://me:{Password}@", StringComparison.Ordinal) };
        await using var first = new ProjectFolder("pypi-first", Machinefile);
        (await ToolRun.RunAsync(first.Path, ["start", "--approve"], environment: settings, minutes: 60)).ShouldSucceed();

        (await first.ExecAsync("python3", "-m", "venv", "/tmp/env")).ShouldSucceed();
        var refused = await first.ExecAsync("/tmp/env/bin/pip", "install", "thing");
        refused.ExitCode.ShouldNotBe(0);
        refused.Error.ShouldContain("dotnet machine network allow pypi");
        index.Server.Paths.ShouldBeEmpty();
        (await first.RunAsync("network", "allow", "pypi")).ShouldSucceed();
        (await first.ExecAsync("/tmp/env/bin/pip", "install", "thing")).ShouldSucceed();

        (await first.ExecAsync("/tmp/env/bin/python", "-c", "import thing; print(thing.version)")).ShouldSucceed().Output.ShouldBe("1.2.3\n");
        var entered = JsonDocument.Parse((await first.RunAsync("packages", "log", "--json")).ShouldSucceed().Output).RootElement.EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "pypi");
        entered.GetProperty("id").GetString().ShouldBe("thing");
        (await first.RunAsync("packages", "sbom")).ShouldSucceed().Output.ShouldContain("pkg:pypi/thing@1.2.3");
        // Root of the machine looks for the password, in files and in what every process was started with.
        (await first.RootAsync($"printf '%s%s' '{Password[..9]}' '{Password[9..]}' | grep -rslF -f - /etc /home /root /tmp /machine /proc/[0-9]*/environ /proc/[0-9]*/cmdline; true")).ShouldSucceed().Output.ShouldBe("");

        var files = index.Server.Paths.Count(path => path.StartsWith("/files/", StringComparison.Ordinal));
        await using var second = new ProjectFolder("pypi-second", Machinefile + "network: { allow: [pypi] }\n");
        (await ToolRun.RunAsync(second.Path, ["start", "--approve"], environment: settings, minutes: 60)).ShouldSucceed();
        (await second.ExecAsync("python3", "-m", "venv", "/tmp/env")).ShouldSucceed();
        (await second.ExecAsync("/tmp/env/bin/pip", "install", "thing")).ShouldSucceed();
        index.Server.Paths.Count(path => path.StartsWith("/files/", StringComparison.Ordinal)).ShouldBe(files, "each file came once");
    }
}
