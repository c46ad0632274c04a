using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>What hosts execute or obey for lying there never comes unasked: not as an output, not as a source, not under a name that a file system folds.</summary>
public sealed class GuardAttacks : IDisposable
{
    private readonly AttackedProject project = new();

    public void Dispose() => project.Dispose();

    // P8b and P8: as outputs, where most comes unasked.
    [Theory]
    [InlineData(".hg/hgrc")]
    [InlineData(".hg/requires")]
    [InlineData(".HG/hgrc")]
    [InlineData(".sl/config")]
    [InlineData(".jj/repo/config.toml")]
    [InlineData("_darcs/prefs/defaults")]
    [InlineData(".bzr/branch/branch.conf")]
    [InlineData(".svn/wc.db")]
    [InlineData("sub/.git/config")]
    [InlineData("repository/HEAD")]
    [InlineData(".helix/languages.toml")]
    [InlineData(".helix/config.toml")]
    [InlineData(".kateproject")]
    [InlineData(".exrc.lua")]
    [InlineData(".vim/init.vim")]
    [InlineData(".ycm_extra_conf.py")]
    [InlineData(".luarc.json")]
    [InlineData(".lapce/settings.toml")]
    [InlineData(".nova/Configuration.json")]
    [InlineData(".kiro/hooks/x.json")]
    [InlineData(".opencode/plugin/x.js")]
    [InlineData("opencode.json")]
    [InlineData(".junie/mcp.json")]
    [InlineData(".amazonq/mcp.json")]
    [InlineData(".agents/skills/x/SKILL.md")]
    [InlineData("AGENT.md")]
    [InlineData("QWEN.md")]
    [InlineData(".crush.json")]
    [InlineData(".cirrus.yml")]
    [InlineData(".tekton/x.yaml")]
    [InlineData(".builds/x.yml")]
    [InlineData(".semaphore/semaphore.yml")]
    [InlineData("cloudbuild.yaml")]
    [InlineData("buildspec.yml")]
    [InlineData(".gitpod.yml")]
    [InlineData("Procfile")]
    [InlineData("x.inetloc")]
    [InlineData("x.webloc")]
    [InlineData("x.terminal")]
    [InlineData("x.searchConnector-ms")]
    [InlineData("x.el")]
    [InlineData("nuget.con\ufb01g")]
    [InlineData("Machine\ufb01le")]
    [InlineData("\uff2eu\uff27et.config")]
    [InlineData("glo\u212cal.json")]
    [InlineData(".\u24bdg/hgrc")]
    [InlineData(".cla\u00dfpath")]
    [InlineData("Directory.Build.prop\u017f")]
    public async Task What_tools_find_by_its_name_does_not_come_into_an_output(string path)
    {
        project.Guest.Says("bin/" + path, mode: "644").Says("bin/good.dll");

        var report = await project.CommandAsync(ChangesMode.Apply);

        report.Imported.ShouldBe(1);
        Path.Exists(project.At("bin/" + path)).ShouldBeFalse();
        report.Guarded.ShouldHaveSingleItem();
    }

    // P8: as sources, in one question with others.
    [Theory]
    [InlineData(".pylintrc")]
    [InlineData(".rspec")]
    [InlineData(".pryrc")]
    [InlineData(".irbrc")]
    [InlineData("ansible.cfg")]
    [InlineData(".rubocop.yml")]
    [InlineData(".mypy.ini")]
    [InlineData("mypy.ini")]
    [InlineData("pytest.ini")]
    [InlineData("phpunit.xml")]
    [InlineData("composer.json")]
    [InlineData(".gitlint")]
    [InlineData("build.zig")]
    [InlineData("mix.exs")]
    [InlineData("rebar.config")]
    [InlineData("stack.yaml")]
    [InlineData("dune-project")]
    [InlineData("build.sbt")]
    [InlineData("app.js")]
    [InlineData("index.mjs")]
    [InlineData("tool.cjs")]
    [InlineData("x.php")]
    [InlineData("x.lua")]
    [InlineData("x.groovy")]
    [InlineData("x.kts")]
    [InlineData("x.applescript")]
    [InlineData("x.scpt")]
    [InlineData("x.tcl")]
    [InlineData("x.ahk")]
    [InlineData("x.AppImage")]
    [InlineData("x.run")]
    [InlineData("x.elc")]
    [InlineData("x.appref-ms")]
    [InlineData("go.mod")]
    [InlineData("nx.json")]
    public async Task What_tools_run_is_in_no_question_with_others(string path)
    {
        project.Guest.Says("src/" + path).Says("src/good.md");
        var report = await project.CommandAsync();

        report.Guarded.ShouldHaveSingleItem().Path.ShouldBe("src/" + path);
        await project.Open().ApplyAsync([], overwrite: true, TestContext.Current.CancellationToken);

        project.Read("src/good.md").ShouldNotBeNull();
        Path.Exists(project.At("src/" + path)).ShouldBeFalse();
    }

    // P17: on a host that folds, two names of the guest's that are one file, or one that is the host's own in another form.
    [Theory]
    [InlineData("bin/\ufb01le", "bin/file")]
    [InlineData("bin/\uff21", "bin/a")]
    [InlineData("bin/stra\u00dfe", "bin/STRASSE")]
    [InlineData("bin/caf\u00e9", "bin/cafe\u0301")]
    [InlineData("bin/\uac00", "bin/\u1100\u1161")]
    [InlineData("bin/a\u0323\u0301", "bin/a\u0301\u0323")]
    [InlineData("bin/\ufb01x/one", "bin/FIX/two")]
    public async Task Names_that_the_host_folds_into_one_are_refused(string one, string other)
    {
        project.Guest.Says(one).Says(other).Says("bin/good");

        var report = await project.CommandAsync(tree: Folding);

        report.Refused.Count.ShouldBe(2);
        Directory.GetFileSystemEntries(project.At("bin")).Select(Path.GetFileName).ShouldBe(["good"]);
    }

    [Fact]
    public async Task A_name_that_the_host_folds_into_its_own_is_refused()
    {
        project.Write("bin/con\u0066ig.txt", "the host's own");
        project.Guest.Says("bin/con\ufb01g.txt");

        (await project.CommandAsync(tree: Folding)).Refused.ShouldHaveSingleItem().Reason!.ShouldContain("the host writes the name");

        Directory.GetFiles(project.At("bin")).Length.ShouldBe(1);
    }

    [Theory]
    [InlineData(".machine-import.tmp")]
    [InlineData(".MACHINE-import.tmp")]
    [InlineData(".machine-\uff49mport.tmp")]
    public async Task The_importers_own_name_is_nobody_elses(string name)
    {
        project.Guest.Says("bin/" + name);

        (await project.CommandAsync()).Refused.ShouldHaveSingleItem().Reason!.ShouldContain("temporary name");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_in_the_place_of_the_file_that_is_written_gets_neither_its_mode_nor_its_time(bool portable)
    {
        var victim = project.At("victim");
        project.Write("victim", "mode 600");
        var (mode, time) = (File.GetUnixFileMode(victim), File.GetLastWriteTimeUtc(victim));
        using HostTree tree = portable ? new PortableHostTree(project.Path) : HostTree.Open(project.Path);

        // Another process of the host's puts a link where the temporary file is, while it is written.
        await tree.WriteFileAsync(ProjectPath.From("bin/tool")!, executable: true, DateTimeOffset.UnixEpoch.AddYears(40), durable: false, async stream =>
        {
            await stream.WriteAsync(LyingGuest.Bytes("x"));
            File.Delete(project.At("bin/" + ProjectPath.TemporaryName));
            File.CreateSymbolicLink(project.At("bin/" + ProjectPath.TemporaryName), victim);
        });

        (File.GetUnixFileMode(victim), File.GetLastWriteTimeUtc(victim)).ShouldBe((mode, time));
        project.Read("victim").ShouldBe("mode 600");
    }

    private static HostTree Folding(string root) =>
        OperatingSystem.IsWindows() ? new PortableHostTree(root) { FoldsCase = true } : new UnixHostTree(root) { FoldsCase = true };
}
