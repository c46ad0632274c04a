using Machine.Tool.Workspaces.Review;


namespace Machine.Tool.Tests.Workspaces.Review;

public sealed class ImportGuardTests
{
    [Theory]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData("sub/.GIT/config")]
    [InlineData(".git")]
    [InlineData(".git./config")]
    [InlineData(".g\u200cit/config")]
    [InlineData("git~1/config")]
    [InlineData(".git::$INDEX_ALLOCATION/config")]
    [InlineData(".gıthub/workflows/a.yml")]
    [InlineData("bin/evil/HEAD")]
    [InlineData(".vscode/tasks.json")]
    [InlineData(".config/dotnet-tools.json")]
    [InlineData("src/DIRECTORY.BUILD.PROPS")]
    [InlineData("bin/a.targets")]
    [InlineData("a.csproj")]
    [InlineData("a.csproj.user")]
    [InlineData("a.slnx")]
    [InlineData("a.slnf")]
    [InlineData("MSBuild.rsp")]
    [InlineData("NuGet.Config")]
    [InlineData("nuget.config:stream")]
    [InlineData("global.json")]
    [InlineData("packages.lock.json")]
    [InlineData("Machinefile")]
    [InlineData(".envrc")]
    [InlineData(".editorconfig")]
    [InlineData(".gitattributes")]
    [InlineData(".husky/pre-commit")]
    [InlineData("Properties/launchSettings.json")]
    [InlineData("CLAUDE.md")]
    [InlineData("bin/nuget.con\ufb01g")]
    [InlineData("bin/Machine\ufb01le")]
    [InlineData("\uff27lobal.json")]
    [InlineData(".cla\u00dfpath")]
    public void A_name_that_tools_obey_is_guarded_everywhere(string path) => ImportGuard.ByName(path).ShouldNotBeNull();

    [Theory]
    [InlineData("build.sh")]
    [InlineData("a/Makefile")]
    [InlineData("package.json")]
    [InlineData("x.PS1")]
    [InlineData("tools/analyzer.dll")]
    [InlineData("vite.config.ts")]
    public void What_somebody_runs_is_guarded_outside_of_outputs(string path)
    {
        ImportGuard.AsSource(path, executable: false).ShouldNotBeNull();
        ImportGuard.ByName(path).ShouldBeNull();
    }

    [Theory]
    [InlineData("src/Program.cs")]
    [InlineData("README.md")]
    [InlineData("appsettings.json")]
    [InlineData("wwwroot/index.html")]
    [InlineData("git/notes.txt")]
    [InlineData("src/config/settings.yml")]
    [InlineData("a~b.txt")]
    public void An_ordinary_source_is_not_guarded(string path)
    {
        ImportGuard.AsSource(path, executable: false).ShouldBeNull();
        ImportGuard.AsSource(path, executable: true).ShouldBe("it may be executed");
    }

    [Fact]
    public void Every_rule_has_a_reason_and_stands_once()
    {
        var rules = GuardedFiles.Everywhere.Concat(GuardedFiles.OutsideOutputs).ToList();
        rules.ShouldAllBe(r => r.Reason.Length > 5);
        rules.GroupBy(r => r.Pattern, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("obj/x", true)]
    [InlineData("src/Obj/x", true)]
    [InlineData(".machine/sdk", true)]
    [InlineData("objects/x", false)]
    public void Intermediate_files_are_never_listed(string path, bool never) => ImportGuard.IsNeverListed(path).ShouldBe(never);
}
