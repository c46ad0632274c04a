using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A Machinefile in a folder that holds more than a project: the guest would read all of it.</summary>
public sealed class ProjectFolderAttacks : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("/")]
    [InlineData("/home")]
    [InlineData("/home/u")]
    [InlineData("/root")]
    [InlineData("/etc")]
    [InlineData("/etc/app")]
    [InlineData("/proc/self/root")]
    [InlineData("/dev")]
    [InlineData("/run/user/1000")]
    [InlineData("/var/run/app")]
    [InlineData("/boot")]
    [InlineData("/home/u/.ssh")]
    [InlineData("/home/u/.ssh/project")]
    [InlineData("/home/u/.gnupg")]
    [InlineData("/home/u/.aws")]
    [InlineData("/home/u/.kube")]
    [InlineData("/home/u/.docker")]
    [InlineData("/home/u/.config")]
    [InlineData("/home/u/.config/gh")]
    [InlineData("/home/u/.nuget")]
    [InlineData("/home/u/.nuget/NuGet")]
    [InlineData("/home/u/.mozilla/firefox")]
    [InlineData("/home/u/.local/share")]
    [InlineData("/srv/state")]
    [InlineData("/srv")]
    [InlineData("/srv/state/machines/shop-12345678")]
    public void A_folder_of_a_user_or_of_the_system_is_no_project(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the paths are Unix's");
        var refusal = Should.Throw<MachineException>(() => ProjectFolderRule.Require(new ProjectRoot(path), Host("/home/u", "/srv/state")));
        refusal.Message.ShouldContain("can be no project");
        refusal.Remedy.ShouldNotBeNull();
    }

    [Theory]
    [InlineData(".ssh/id_ed25519")]
    [InlineData(".ssh/id_rsa")]
    [InlineData(".ssh/authorized_keys")]
    [InlineData(".gnupg/private-keys-v1.d/x.key")]
    [InlineData(".aws/credentials")]
    [InlineData(".azure/msal_token_cache.json")]
    [InlineData(".kube/config")]
    [InlineData(".docker/config.json")]
    [InlineData(".config/gh/hosts.yml")]
    [InlineData(".config/google-chrome/Default/Cookies")]
    [InlineData(".mozilla/firefox/x.default/key4.db")]
    [InlineData(".nuget/NuGet/NuGet.Config")]
    [InlineData(".git-credentials")]
    [InlineData(".local/share/dotnet-machine/keys/id_ed25519")]
    public void A_folder_with_keys_in_it_is_no_project_whosever_home_it_was(string secret)
    {
        var path = folder[Path.Combine("backup", secret)];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "canary");
        Should.Throw<MachineException>(() => ProjectFolderRule.Require(new ProjectRoot(folder["backup"]), Host(folder["home"], folder["state"])))
            .Message.ShouldContain("it holds " + secret.Split('/')[0]);
    }

    [Theory]
    [InlineData("/home/u/src/shop", "")]
    [InlineData("/home/u/.dotfiles", "")]
    [InlineData("/root/shop", "")]
    [InlineData("/opt/shop", "")]
    [InlineData("/usr/src/app", "")]
    [InlineData("/dev/shm/shop", "")]
    [InlineData("", ".config/dotnet-tools.json")]
    [InlineData("", ".docker/Dockerfile")]
    [InlineData("", ".aws/task-definition.json")]
    [InlineData("", ".ssh/README.md")]
    [InlineData("", ".nuget/packages/x/1.0.0/x.nupkg")]
    public void A_folder_of_a_project_is_one(string path, string content)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the paths are Unix's");
        var project = path.Length > 0 ? path : folder.Folder("shop");
        if (content.Length > 0)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(project, content))!);
            File.WriteAllText(Path.Combine(project, content), "");
        }

        ProjectFolderRule.Require(new ProjectRoot(project), Host(path.StartsWith("/root", StringComparison.Ordinal) ? "/root" : "/home/u", "/srv/state"));
    }

    [Fact]
    public async Task Init_makes_no_project_of_a_home_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there HOME is no such variable");
        using var tool = new ToolProcess();

        var outcome = await tool.RunAsync(new Dictionary<string, string> { ["HOME"] = tool.Project }, "init");

        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        outcome.Error.ShouldContain("home folder");
        Directory.EnumerateFileSystemEntries(tool.Project).ShouldBeEmpty();
    }

    private static HostFacts Host(string home, string state) => new(2, 1L << 33, home, [state]);
}
