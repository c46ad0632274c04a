using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A file of the host's own is never overwritten unasked, whatever folder it lies in and whatever the guest did before.</summary>
public sealed class HostsOwnAttacks : IDisposable
{
    private readonly AttackedProject project = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public void Dispose() => project.Dispose();

    [Theory]
    [InlineData("node_modules/@angular/cli/bin/bootstrap.js")]
    [InlineData("node_modules/nx/bin/init-local.js")]
    [InlineData("web/bin/build.js")]
    [InlineData("src/bin/main.rs")]
    [InlineData("bin/console.php")]
    [InlineData("bin/deploy")]
    [InlineData("lib/bin/Vendor.dll")]
    [InlineData("bin/Debug/App.dll")]
    [InlineData("tools/bin/helper.jar")]
    [InlineData("vendor/bin/tool.mjs")]
    [InlineData("artifacts/release.sh")]
    [InlineData("artifacts/notes.md")]
    [InlineData("tests/TestResults/report.html")]
    public async Task A_file_of_the_repository_in_an_outputs_folder_stays(string path)
    {
        project.Write(path, "the host's own, tracked by git");
        project.Write("tests/Tests.csproj", "<Project />");
        project.Guest.Says(path, size: 4);

        foreach (var mode in new[] { ChangesMode.Hold, ChangesMode.Apply })
        {
            (await project.CommandAsync(mode)).Imported.ShouldBe(0);
        }

        project.Read(path).ShouldBe("the host's own, tracked by git");
    }

    [Theory]
    [InlineData('w')]
    [InlineData('d')]
    public async Task A_file_of_the_repository_in_an_outputs_folder_is_not_deleted(char how)
    {
        project.Write("bin/deploy.sh", "the host's own", executable: true);
        project.Guest.Says("bin/deploy.sh", how, size: 0);

        (await project.CommandAsync(ChangesMode.Apply)).Deleted.ShouldBe(0);

        project.Read("bin/deploy.sh").ShouldBe("the host's own");
    }

    [Fact]
    public async Task A_folder_of_outputs_with_one_file_of_the_hosts_is_not_deleted()
    {
        project.Guest.Says("bin/a.dll");
        await project.CommandAsync();
        project.Write("bin/mine.txt", "the host's own");
        project.SaysAnew().Guest.Says("bin", 'w', size: 0);

        (await project.CommandAsync()).Deleted.ShouldBe(0);

        project.Read("bin/mine.txt").ShouldBe("the host's own");
    }

    [Fact]
    public async Task A_link_does_not_take_the_place_of_a_file_of_the_hosts()
    {
        project.Write("bin/config.txt", "the host's own");
        project.Guest.Says("bin/config.txt", 'l', link: "../App.txt");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

        project.Read("bin/config.txt").ShouldBe("the host's own");
    }

    [Theory]
    [InlineData("bin/x")]
    [InlineData("web/bin/tool.js")]
    [InlineData("python/bin/activate")]
    [InlineData("a/b/c/bin/x")]
    public async Task A_folder_called_bin_without_a_project_beside_it_is_no_place_for_outputs(string path)
    {
        File.Delete(project.At("App.csproj"));
        project.Write("python/setup.pyproj", "<Project />");
        project.Guest.Says(path, mode: "755");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

        project.Read(path).ShouldBeNull();
    }

    [Fact]
    public async Task The_project_beside_bin_is_the_hosts_not_what_the_guest_says()
    {
        Directory.CreateDirectory(project.At("web"));
        project.Guest.Says("web/web.csproj").Says("web/bin/tool.js");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

        project.Read("web/bin/tool.js").ShouldBeNull();
    }

    [Fact]
    public async Task A_folder_that_is_a_link_to_a_project_is_no_project()
    {
        var outside = Directory.CreateTempSubdirectory("machine-outside-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(outside.FullName, "Other.csproj"), "<Project />", cancel);
            Directory.CreateSymbolicLink(project.At("web"), outside.FullName);
            project.Guest.Says("web/bin/tool.js");

            (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

            outside.GetFileSystemInfos().Length.ShouldBe(1);
        }
        finally
        {
            outside.Delete(recursive: true);
        }
    }

    // P6.
    [Theory]
    [InlineData("changed while it was read")]
    [InlineData("breaks off")]
    [InlineData("another path")]
    [InlineData("longer than announced")]
    public async Task A_transfer_that_failed_gives_no_right_to_the_path(string lie)
    {
        project.Guest.Says("bin/deploy.sh", size: 5, mode: "755");
        project.Guest.Pack = requests =>
        {
            var answer = new MemoryStream();
            switch (lie)
            {
                case "changed while it was read":
                    LyingGuest.Frame(answer, requests[0].Path, 2, 'c');
                    break;
                case "breaks off":
                    answer.Write([.. requests[0].Path, 0, 0, 0, 0, 5, (byte)'x']);
                    break;
                case "another path":
                    LyingGuest.Frame(answer, LyingGuest.Bytes("bin/other"), 5);
                    break;
                default:
                    LyingGuest.Frame(answer, requests[0].Path, 6);
                    break;
            }

            answer.Position = 0;
            return answer;
        };
        (await project.CommandAsync()).Imported.ShouldBe(0);
        project.Read("bin/deploy.sh").ShouldBeNull();

        // As a checkout of another branch puts it there.
        project.Write("bin/deploy.sh", "the host's own", executable: true);
        project.SaysAnew().Guest.Says("bin/deploy.sh", size: 5, mode: "755");

        (await project.CommandAsync()).Imported.ShouldBe(0);

        project.Read("bin/deploy.sh").ShouldBe("the host's own");
    }

    // P6b.
    [Theory]
    [InlineData("replaced")]
    [InlineData("edited")]
    [InlineData("of the same size")]
    [InlineData("of the same size and time")]
    public async Task What_the_host_put_over_an_output_is_the_hosts(string how)
    {
        project.Claims("bin/deploy.sh", "guest!");
        (await project.CommandAsync()).Imported.ShouldBe(1);
        var (file, time) = (project.At("bin/deploy.sh"), File.GetLastWriteTimeUtc(project.At("bin/deploy.sh")));
        var own = how.StartsWith("of the same", StringComparison.Ordinal) ? "host's" : "the host's own";
        if (how == "edited")
        {
            await File.WriteAllTextAsync(file, own, cancel);
        }
        else
        {
            File.Delete(file);
            project.Write("bin/deploy.sh", own, executable: true);
        }

        if (how == "of the same size and time")
        {
            File.SetLastWriteTimeUtc(file, time);
        }

        project.SaysAnew().Guest.Says("bin/deploy.sh", size: 7, mode: "755");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

        project.Read("bin/deploy.sh").ShouldBe(own);
    }

    [Fact]
    public async Task What_the_host_put_over_an_output_is_not_deleted_with_it()
    {
        project.Claims("bin/a.txt", "guest!");
        await project.CommandAsync();
        project.Write("bin/a.txt", "the host's own");
        project.SaysAnew();

        // A file that is gone from the guest's list without a word: so it was deleted, says the ledger.
        (await project.CommandAsync()).Deleted.ShouldBe(0);

        project.Read("bin/a.txt").ShouldBe("the host's own");
    }

    [Fact]
    public async Task A_process_that_was_killed_leaves_no_right_to_what_it_never_wrote()
    {
        project.Guest.Says("bin/deploy.sh", size: 5, mode: "755");
        project.Guest.Pack = _ => throw new OperationCanceledException();
        await Should.ThrowAsync<OperationCanceledException>(() => project.CommandAsync());
        project.Write("bin/deploy.sh", "12345", executable: true);
        project.SaysAnew().Guest.Says("bin/deploy.sh", size: 5, mode: "755");

        (await project.CommandAsync()).Imported.ShouldBe(0);

        project.Read("bin/deploy.sh").ShouldBe("12345");
    }

    // P7b.
    [Theory]
    [InlineData("node_modules/eslint/bin/eslint.js")]
    [InlineData("node_modules/.bin/eslint")]
    [InlineData("web/node_modules/x/index.js")]
    [InlineData("bin/node_modules/x.js")]
    [InlineData("NODE_MODULES/x/index.js")]
    [InlineData("node_module\uff53/x/index.js")]
    public async Task Nothing_comes_into_node_modules(string path)
    {
        project.Write("node_modules/eslint/package.json", "{}");
        project.Write("node_modules/eslint/Native.csproj", "<Project />");
        project.Guest.Says(path, mode: "755");

        (await project.CommandAsync(ChangesMode.Apply)).All.ShouldBeEmpty();

        Path.Exists(project.At(path)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_place_that_the_command_names_gives_no_right_to_what_the_host_has_there()
    {
        project.Write("out/run.sh", "the host's own", executable: true);
        project.Write("out/data.json", "the host's own");
        project.Guest.Says("out/run.sh", mode: "755").Says("out/data.json", size: 5).Says("out/new.dll");

        (await project.CommandAsync(places: ["/out/**"])).Imported.ShouldBe(1);

        project.Read("out/run.sh").ShouldBe("the host's own");
        project.Read("out/data.json").ShouldBe("the host's own");
    }

    [Theory]
    [InlineData("app.js")]
    [InlineData("tool.ts")]
    [InlineData("settings.json")]
    [InlineData("ci.yml")]
    [InlineData("noextension")]
    [InlineData("script.unheard-of")]
    [InlineData("Procfile")]
    [InlineData("a.cs.bak")]
    [InlineData("a.cs\u00a0")]
    public async Task With_changes_apply_only_known_sources_come_unasked(string path)
    {
        project.Guest.Says(path).Says("src/good.cs");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(1);

        Path.Exists(project.At(path)).ShouldBeFalse();
    }

    [Fact]
    public async Task With_changes_apply_no_link_and_no_program_comes_unasked()
    {
        project.Write("src/secret.txt", "the host's");
        project.Guest.Says("src/a.cs", 'l', link: "secret.txt").Says("src/b.cs", mode: "755");

        (await project.CommandAsync(ChangesMode.Apply)).Imported.ShouldBe(0);

        Directory.GetFileSystemEntries(project.At("src")).Length.ShouldBe(1);
    }

    [Fact]
    public async Task With_changes_apply_a_folder_goes_only_with_nothing_but_sources_in_it()
    {
        project.Write("src/a.cs", "1");
        project.Write("src/key.pem", "the host's only copy");
        project.Guest.Says("src", 'w', size: 0);

        (await project.CommandAsync(ChangesMode.Apply)).Deleted.ShouldBe(0);

        project.Read("src/key.pem").ShouldBe("the host's only copy");
    }
}
