using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>npm inside, from the registry of this host's configuration: real packages, each fetched once for all machines.</summary>
public sealed class NpmTests
{
    private static readonly string Machinefile = AgentTests.Machinefile.Replace("allow: [npm]", "allow: []", StringComparison.Ordinal);

    [Fact]
    public async Task A_hundred_packages_are_installed_and_a_second_machine_fetches_none_of_them()
    {
        Slow.SkipUnlessAsked();
        await using var first = new ProjectFolder("npm-first", Machinefile);
        Write(first);
        (await ToolRun.RunAsync(first.Path, ["start", "--approve"], minutes: 40)).ShouldSucceed();

        var refused = await ToolRun.RunAsync(first.Path, ["exec", "--", "npm", "install"], minutes: 20);
        refused.ExitCode.ShouldNotBe(0);
        refused.Error.ShouldContain("dotnet machine network allow npm");
        (await first.RunAsync("network", "allow", "npm")).ShouldSucceed();
        (await ToolRun.RunAsync(first.Path, ["exec", "--", "npm", "install", "--no-fund"], minutes: 40)).ShouldSucceed();

        (await first.ExecAsync("node", "-e", "console.log(require('express')().listen ? 'express' : '', require('fs').readdirSync('node_modules').length > 60)")).ShouldSucceed().Output.ShouldBe("express true\n");
        var packages = JsonDocument.Parse((await first.RunAsync("packages", "log", "--json")).ShouldSucceed().Output).RootElement.EnumerateArray().Where(one => one.GetProperty("kind").GetString() == "npm").ToList();
        packages.Count.ShouldBeGreaterThanOrEqualTo(100);

        // The distribution's packages, by a rule of their own.
        var without = await first.RootAsync("apt-get update");
        without.ToString().ShouldContain("dotnet machine network allow apt");
        (await first.RunAsync("network", "allow", "apt", "--once")).ShouldSucceed();
        (await ToolRun.RunAsync(first.Path, ["exec", "--", "sh", "-c", "apt-get update -q && apt-get install -q -y jq && jq -n 6*7"], minutes: 20)).ShouldSucceed().Output.ShouldEndWith("42\n");

        // The same again elsewhere, with a registry that gives documents at most.
        await using var second = new ProjectFolder("npm-second", AgentTests.Machinefile);
        Write(second);
        var kept = await TarballsAsync(second);
        (await ToolRun.RunAsync(second.Path, ["start", "--approve"], minutes: 40)).ShouldSucceed();
        (await ToolRun.RunAsync(second.Path, ["exec", "--", "npm", "install", "--no-fund", "--no-audit"], minutes: 40)).ShouldSucceed();
        (await TarballsAsync(second)).ShouldBe(kept, "each file came once, and none was written again");
    }

    private static void Write(ProjectFolder project) =>
        project.Write("package.json", """{"name":"shop","version":"1.0.0","private":true,"dependencies":{"express":"5.1.0","eslint":"9.39.1","prettier":"3.6.2","zod":"4.1.12"}}""");

    // By its place on the disk: a download would be another file. Its times say when it was used.
    private static Task<string> TarballsAsync(ProjectFolder project) =>
        project.HostAsync("sh", "-c", $"find '{Path.Combine(Tool.Hosting.MachinePaths.FromEnvironment().Packages, "sha512")}' -name '*.tgz' -printf '%f %i\\n' | sort");
}
