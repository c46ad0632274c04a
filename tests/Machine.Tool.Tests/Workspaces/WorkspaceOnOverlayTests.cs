using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Tests.Workspaces;

/// <summary>The whole way on a real overlay: the guest changes, the host judges, imports, applies, discards.</summary>
public sealed class WorkspaceOnOverlayTests : IDisposable
{
    private readonly OverlayFixture box;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public WorkspaceOnOverlayTests()
    {
        OverlayFixture.SkipUnlessRoot();
        box = new OverlayFixture();
    }

    public void Dispose() => box?.Dispose();

    private static string[] Paths(IEnumerable<Change> changes) => [.. changes.Select(c => c.Path).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Outputs_come_at_once_and_sources_wait()
    {
        box.OnHost("src/a.cs", "old");
        var report = await box.CommandAsync("mkdir -p bin/Debug src/obj; printf dll >bin/Debug/a.dll; printf '#!/bin/sh' >bin/Debug/a; chmod 755 bin/Debug/a; printf new >src/a.cs; printf x >src/obj/x");
        report.Imported.ShouldBe(2);
        box.HostText("bin/Debug/a.dll").ShouldBe("dll");
        box.IsExecutable("bin/Debug/a").ShouldBeTrue();
        Paths(report.Held).ShouldBe(["src/a.cs"]);
        report.All.Count().ShouldBe(1);
        box.HostText("src/a.cs").ShouldBe("old");
        Directory.Exists(Path.Combine(box.Host, "src/obj")).ShouldBeFalse();
    }

    [Fact]
    public async Task An_unchanged_output_is_not_transferred_again()
    {
        (await box.CommandAsync("mkdir bin; printf 1 >bin/a; printf 1 >bin/b")).Imported.ShouldBe(2);
        (await box.CommandAsync("printf 2 >bin/b")).Imported.ShouldBe(1);
        box.HostText("bin/b").ShouldBe("2");
        (await box.CommandAsync("true")).Imported.ShouldBe(0);
    }

    [Fact]
    public async Task An_applied_change_is_the_hosts_afterwards_and_its_later_edits_are_seen_inside()
    {
        box.OnHost("a.txt", "old");
        await box.CommandAsync("printf new >a.txt; mkdir -p new/folder; printf n >new/folder/f.txt");
        var report = await box.Workspace.ApplyAsync([], overwrite: false, cancel);
        report.Imported.ShouldBe(2);
        box.HostText("a.txt").ShouldBe("new");
        (await box.Workspace.ListAsync(cancel)).ShouldBeEmpty();
        Directory.Exists(Path.Combine(box.Upper, "new")).ShouldBeFalse("nothing is left of it in the upper layer");
        box.OnHost("a.txt", "edited on the host");
        box.OnHost("new/folder/g.txt", "host");
        box.InGuest("cat a.txt new/folder/f.txt new/folder/g.txt").ShouldBe("edited on the hostnhost");
    }

    [Fact]
    public async Task Discarding_shows_the_hosts_version_again()
    {
        box.OnHost("a.txt", "host");
        box.OnHost("gone/b.txt", "host");
        box.OnHost("c.txt", "host");
        await box.CommandAsync("printf guest >a.txt; rm -r gone; rm c.txt; mkdir more; printf m >more/m.txt");
        Paths(await box.Workspace.ListAsync(cancel)).ShouldBe(["a.txt", "c.txt", "gone", "more/m.txt"]);
        await box.Workspace.DiscardAsync([], cancel);
        (await box.Workspace.ListAsync(cancel)).ShouldBeEmpty();
        box.InGuest("cat a.txt gone/b.txt c.txt; ls").ShouldBe("hosthosthosta.txt\nc.txt\ngone\n");
    }

    [Fact]
    public async Task A_deletion_is_held_and_applied_once_asked_for()
    {
        box.OnHost("a.txt", "1");
        box.OnHost("folder/b.txt", "2");
        box.OnHost("folder/deep/c.txt", "3");
        var report = await box.CommandAsync("rm a.txt; rm -r folder");
        report.Held.ShouldAllBe(c => c.Kind == ChangeKind.Deleted);
        Paths(report.Held).ShouldBe(["a.txt", "folder"]);
        box.HostText("a.txt").ShouldNotBeNull();
        (await box.Workspace.ApplyAsync([], overwrite: false, cancel)).Deleted.ShouldBe(3);
        Directory.EnumerateFileSystemEntries(box.Host).ShouldBeEmpty();
        // The whiteouts are gone, too: what the host makes there later is seen.
        box.OnHost("folder/b.txt", "again");
        box.InGuest("cat folder/b.txt").ShouldBe("again");
    }

    [Fact]
    public async Task A_replaced_folder_tells_what_is_missing_in_it()
    {
        box.OnHost("f/keep.txt", "same");
        box.OnHost("f/gone.txt", "x");
        box.OnHost("f/sub/deep.txt", "x");
        var report = await box.CommandAsync("rm -r f; mkdir -p f/sub; printf same >f/keep.txt; printf new >f/new.txt; printf d >f/sub/other.txt");
        report.All.Select(c => $"{c.Kind} {c.Path}").Order(StringComparer.Ordinal).ShouldBe(
            ["Added f/new.txt", "Added f/sub/other.txt", "Deleted f/gone.txt", "Deleted f/sub/deep.txt"]);
        await box.Workspace.ApplyAsync([], overwrite: false, cancel);
        Directory.GetFiles(box.Host, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(box.Host, f)).Order(StringComparer.Ordinal)
            .ShouldBe(["f/keep.txt", "f/new.txt", "f/sub/other.txt"]);
        box.InGuest("find f -type f | sort").ShouldBe("f/keep.txt\nf/new.txt\nf/sub/other.txt\n");
    }

    [Fact]
    public async Task A_file_that_was_only_touched_is_no_change()
    {
        box.OnHost("a.txt", "same");
        box.OnHost("end", "same");
        (await box.CommandAsync("touch a.txt end")).All.ShouldBeEmpty();
        box.OnHost("a.txt", "later");
        box.InGuest("cat a.txt").ShouldBe("later");
    }

    [Fact]
    public async Task A_file_that_both_changed_is_a_conflict_and_never_overwritten()
    {
        box.OnHost("during.txt", "1");
        box.OnHost("after.txt", "1");
        box.OnHost("touched.txt", "1");
        var report = await box.CommandAsync(
            "for f in during after touched; do printf guest >$f.txt; done", meanwhile: () => box.OnHost("during.txt", "host"));
        Paths(report.Conflicts).ShouldBe(["during.txt"]);
        Paths(report.Held).ShouldBe(["after.txt", "touched.txt"]);
        box.OnHost("after.txt", "host");
        File.SetLastWriteTimeUtc(Path.Combine(box.Host, "touched.txt"), DateTime.UtcNow.AddHours(1));
        report = await box.Workspace.ApplyAsync([], overwrite: false, cancel);
        Paths(report.Conflicts).ShouldBe(["after.txt", "during.txt"]);
        box.HostText("during.txt").ShouldBe("host");
        box.HostText("after.txt").ShouldBe("host");
        box.HostText("touched.txt").ShouldBe("guest");
        await box.Workspace.ApplyAsync(["after.txt"], overwrite: true, cancel);
        box.HostText("after.txt").ShouldBe("guest");
        box.HostText("during.txt").ShouldBe("host");
    }

    [Fact]
    public async Task An_edit_on_the_host_before_the_command_is_no_conflict()
    {
        await box.CommandAsync("true");
        box.OnHost("a.cs", "edited just now");
        var report = await box.CommandAsync("printf formatted >a.cs");
        Paths(report.Held).ShouldBe(["a.cs"]);
        report.Conflicts.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_host_deletes_of_the_outputs_is_deleted_inside()
    {
        await box.CommandAsync("mkdir -p bin/Debug; printf 1 >bin/Debug/a; printf 1 >bin/b");
        Directory.Delete(Path.Combine(box.Host, "bin"), recursive: true);
        await box.Workspace.PrepareAsync(cancel);
        box.InGuest("ls").ShouldBe("");
        (await box.CommandAsync("true")).Imported.ShouldBe(0);
        Directory.Exists(Path.Combine(box.Host, "bin")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("rm bin/a bin/sub/b")]
    [InlineData("rm -r bin")]
    public async Task What_the_guest_deletes_of_its_outputs_is_deleted_on_the_host(string clean)
    {
        await box.CommandAsync("mkdir -p bin/sub; printf 1 >bin/a; printf 1 >bin/sub/b");
        var report = await box.CommandAsync(clean);
        report.Deleted.ShouldBe(2);
        report.All.ShouldBeEmpty();
        box.HostText("bin/a").ShouldBeNull();
        box.HostText("bin/sub/b").ShouldBeNull();
    }

    [Fact]
    public async Task An_output_that_the_host_edited_is_not_deleted_with_the_guests()
    {
        await box.CommandAsync("mkdir bin; printf 1 >bin/a");
        box.OnHost("bin/a", "mine now");
        var report = await box.CommandAsync("rm bin/a");
        Paths(report.Conflicts).ShouldBe(["bin/a"]);
        box.HostText("bin/a").ShouldBe("mine now");
    }

    [Fact]
    public async Task A_program_that_the_host_had_in_an_output_folder_is_guarded()
    {
        box.OnHost("tools/bin/run.sh", "#!/bin/sh");
        box.OnHost("tools/bin/data", "1");
        var report = await box.CommandAsync("printf evil >tools/bin/run.sh; printf 2 >tools/bin/data");
        Paths(report.Guarded).ShouldBe(["tools/bin/run.sh"]);
        Paths(report.Held).ShouldBe(["tools/bin/data"]);
        box.HostText("tools/bin/run.sh").ShouldBe("#!/bin/sh");
        box.HostText("tools/bin/data").ShouldBe("1");
    }

    [Fact]
    public async Task What_the_host_built_before_waits_and_is_the_machines_once_its_folder_is_applied()
    {
        box.OnHost("src/bin/Debug/a.dll", "built on the host");
        box.OnHost("src/bin/Debug/a.json", "built on the host");
        var report = await box.CommandAsync("printf 2 >src/bin/Debug/a.dll; printf 2 >src/bin/Debug/a.json; printf 2 >src/bin/Debug/new");
        report.Imported.ShouldBe(1);
        Paths(report.Guarded).ShouldBe(["src/bin/Debug/a.dll"]);
        Paths(report.Held).ShouldBe(["src/bin/Debug/a.json"]);
        (await box.Workspace.ApplyAsync(["src/bin"], overwrite: false, cancel)).Imported.ShouldBe(2);
        (await box.CommandAsync("printf 3 >src/bin/Debug/a.dll; printf 3 >src/bin/Debug/a.json")).Imported.ShouldBe(2);
        box.HostText("src/bin/Debug/a.dll").ShouldBe("3");
    }

    [Fact]
    public async Task Once_the_hosts_outputs_are_deleted_a_build_brings_the_machines()
    {
        box.OnHost("bin/a.dll", "built on the host");
        (await box.CommandAsync("printf 2 >bin/a.dll")).Imported.ShouldBe(0);
        Directory.Delete(Path.Combine(box.Host, "bin"), recursive: true);
        (await box.CommandAsync("mkdir -p bin; printf 3 >bin/a.dll")).Imported.ShouldBe(1);
        box.HostText("bin/a.dll").ShouldBe("3");
    }

    [Fact]
    public async Task An_output_that_was_only_touched_on_the_host_is_still_the_machines()
    {
        await box.CommandAsync("mkdir bin; printf 1 >bin/a");
        File.SetLastWriteTimeUtc(Path.Combine(box.Host, "bin/a"), DateTime.UtcNow.AddMinutes(-5));
        File.SetUnixFileMode(Path.Combine(box.Host, "bin/a"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (await box.CommandAsync("printf 2 >bin/a")).Imported.ShouldBe(1);
        box.HostText("bin/a").ShouldBe("2");
    }

    [Fact]
    public async Task A_guarded_file_comes_only_when_it_is_named_exactly()
    {
        box.OnHost("src/a.csproj", "<Project/>");
        var report = await box.CommandAsync("printf evil >src/a.csproj; mkdir -p .git/hooks bin; printf evil >.git/hooks/pre-commit; printf x >bin/Directory.Build.targets; printf ok >src/a.txt");
        Paths(report.Guarded).ShouldBe([".git/hooks/pre-commit", "bin/Directory.Build.targets", "src/a.csproj"]);
        foreach (string[] wide in new string[][] { [], ["src"], ["**/*.csproj"], ["."], [".git/", "bin"] })
        {
            (await box.Workspace.ApplyAsync(wide, overwrite: true, cancel)).Guarded.ShouldNotBeEmpty();
        }

        box.HostText("src/a.csproj").ShouldBe("<Project/>");
        box.HostText("src/a.txt").ShouldBe("ok");
        Directory.Exists(Path.Combine(box.Host, ".git")).ShouldBeFalse();
        await box.Workspace.ApplyAsync(["./src/a.csproj"], overwrite: false, cancel);
        box.HostText("src/a.csproj").ShouldBe("evil");
    }

    [Fact]
    public async Task A_new_machine_forgets_what_waited_and_keeps_what_was_brought()
    {
        box.OnHost("a.txt", "1");
        await box.CommandAsync("printf 2 >a.txt; mkdir bin; printf 1 >bin/a");
        // As destroy does.
        OutlivingFile.KeepAll(box.State);
        Directory.Delete(box.State, recursive: true);
        (await box.CommandAsync("printf 2 >bin/a")).Imported.ShouldBe(1);
        box.HostText("bin/a").ShouldBe("2");
    }

    [Fact]
    public async Task Two_clients_at_once_do_not_disturb_one_another()
    {
        var start = await box.Workspace.PrepareAsync(cancel);
        box.InGuest("mkdir bin; for i in $(seq 200); do echo $i >bin/$i; done");
        var reports = await Task.WhenAll(box.Workspace.CollectAsync(start, cancel), box.Workspace.CollectAsync(start, cancel));
        reports.Sum(r => r.Imported).ShouldBe(200);
        Directory.GetFiles(Path.Combine(box.Host, "bin")).Length.ShouldBe(200);
    }

    [Fact]
    public async Task An_unknown_path_is_said()
    {
        var e = await Should.ThrowAsync<MachineException>(() => box.Workspace.ApplyAsync(["no\u001b[31msuch"], overwrite: false, cancel));
        e.Message.ShouldContain("no change waits at no\\x1b[31msuch");
    }

    [Fact]
    public async Task A_diff_shows_the_change_and_no_escape_sequence()
    {
        box.OnHost("a.txt", "one\ntwo\nthree\n");
        await box.CommandAsync("printf 'one\\n2\\033[2J\\nthree\\n' >a.txt; printf 'a\\0b' >b.bin; ln -s a.txt l; printf x >m.txt");
        (await box.Workspace.DiffAsync("a.txt", cancel)).ShouldBe("--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\\x1b[2J\n three\n");
        (await box.Workspace.DiffAsync("b.bin", cancel)).ShouldContain("binary");
        (await box.Workspace.DiffAsync("l", cancel)).ShouldContain("+link to a.txt");
    }

    [Fact]
    public async Task With_apply_everything_unguarded_comes_at_once()
    {
        using var open = new OverlayFixture(new WorkspaceSettings(["bin/**"], ChangesMode.Apply));
        var report = await open.CommandAsync("printf 1 >a.txt; printf 1 >b.csproj");
        open.HostText("a.txt").ShouldBe("1");
        Paths(report.Guarded).ShouldBe(["b.csproj"]);
        open.HostText("b.csproj").ShouldBeNull();
    }

    [Fact]
    public async Task An_output_of_one_command_alone_comes_with_it()
    {
        var start = await box.Workspace.PrepareAsync(cancel);
        box.InGuest("mkdir out; printf 1 >out/a.dll");
        (await box.Workspace.CollectAsync(start, cancel, ["out/**"])).Imported.ShouldBe(1);
        // Still the machine's own: a later command without the option doesn't ask for it.
        (await box.CommandAsync("true")).All.ShouldBeEmpty();
    }
}
