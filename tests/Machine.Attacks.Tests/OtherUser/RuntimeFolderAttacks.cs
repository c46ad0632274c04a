using Machine.Tool.Control;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Machines;
using NSubstitute;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>A stranger answers in a supervisor's place: what he says would be run, and what he is sent holds secrets.</summary>
public sealed class RuntimeFolderAttacks : IDisposable
{
    private readonly PlantedRuntime planted = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => planted.Dispose();

    public static TheoryData<string> Ways =>
    [
        "a folder", "a folder of its own that only root can enter", "a folder that everybody may use", "a link to a folder of its own", "a link to a folder of the victim", "a file",
        "a folder in the victim's own, which is open", "sockets in the victim's own folder, which is open", "sockets in the victim's own folder, which a group may write",
        "sockets in a folder that was open once", "the folder of a victim that was swapped",
    ];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_command_is_not_given_to_a_supervisor_that_another_user_planted(string way)
    {
        planted.Plant(way);

        var outcome = await planted.Tool.RunAsync(new Dictionary<string, string> { ["SECRET_TOKEN"] = "canary-of-the-victim" }, "exec", "--", "true");

        planted.Caught.ShouldBe("", "neither the api nor the ssh socket was even connected to");
        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        outcome.Error.ShouldContain(planted.Outer);
        outcome.Error.ShouldContain("remove it");
    }

    [Theory]
    [InlineData("status")]
    [InlineData("stop")]
    [InlineData("suspend")]
    [InlineData("start")]
    [InlineData("changes")]
    [InlineData("destroy", "--yes")]
    [InlineData("network", "show")]
    [InlineData("network", "check", "api.example.com")]
    [InlineData("network", "learn", "true")]
    public async Task No_verb_talks_to_a_supervisor_that_another_user_planted(params string[] verb)
    {
        planted.Plant("a folder");
        var state = MachinePaths.CreatePrivate(MachinePaths.At(planted.Tool.Home).MachineFolder(planted.Project.MachineId));
        MachineRecord.ReadOrNew(state, planted.Project, "qemu").Save(state);
        MachinePaths.CreatePrivate(Path.Combine(state, "volumes"));
        await File.WriteAllTextAsync(Path.Combine(state, "volumes", "workspace.qcow2"), "", Cancel);

        var outcome = await planted.Tool.RunAsync(verb);

        planted.Caught.ShouldBe("");
        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        Directory.Exists(state).ShouldBeTrue("nothing was done without its supervisor");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_supervisor_does_not_listen_where_another_user_may_reach_it(string way)
    {
        planted.Plant(way);
        string[] Sockets() => Directory.Exists(planted.Inner) ? [.. Directory.EnumerateFileSystemEntries(planted.Inner).Order(StringComparer.Ordinal)] : [];
        var before = Sockets();

        var outcome = await planted.Tool.RunAsync(SupervisorLaunch.Verb, planted.Project.Path);

        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        Sockets().ShouldBe(before);
        planted.Caught.ShouldBe("");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_image_is_not_built_through_sockets_that_another_user_planted(string way)
    {
        // An image's folder of sockets is named by the image, as a machine's by its project.
        planted.Plant(way);
        var hash = Path.GetFileName(planted.Inner).PadRight(32, '0');
        var paths = Paths();
        var engine = Substitute.For<IEngine>();

        var refusal = await Should.ThrowAsync<MachineException>(() => BuildGuest.BootAsync(
            engine, paths, planted.Stage("build"), hash, new BootImage(null, null, new DiskFile("disk", "qcow2")), new DiskFile("disk", "qcow2"), 1 << 20, [], [], SilentProgress.Instance, Cancel));

        refusal.Message.ShouldContain(planted.Outer);
        engine.ReceivedCalls().ShouldBeEmpty();
        planted.Caught.ShouldBe("");
    }

    [Fact]
    public void Nothing_is_said_to_a_socket_of_another_user_whatever_its_folder()
    {
        // Between the check of the folder and the call somebody may have been quicker.
        Stranger.Run("mkdir -m 0755 $1", planted.Stage("late"));
        planted.Listen(planted.Stage("late"));

        var refusal = Should.Throw<MachineException>(() => ControlAnswer.To(
            Path.Combine(planted.Stage("late"), "api"), "POST", "/v1/exec", Cancel, new ExecRequest("canary-of-the-victim")));

        refusal.Message.ShouldContain($"user {Stranger.Id}");
        planted.Caught.ShouldNotContain("canary-of-the-victim");
    }

    [Theory]
    [InlineData("0700", true)]
    [InlineData("0755", false)]
    [InlineData("0777", false)]
    [InlineData("0770", false)]
    public async Task A_runtime_directory_that_is_not_the_users_alone_is_passed_over(string mode, bool ofAnotherUser)
    {
        var xdg = Directory.CreateDirectory($"/tmp/x{Guid.NewGuid():N}"[..16]).FullName;
        try
        {
            var inner = Path.Combine(xdg, Path.GetFileName(planted.Outer), Path.GetFileName(planted.Inner));
            Directory.CreateDirectory(inner);
            Stranger.Root("chown", "-R", $"{Stranger.Id}", Path.Combine(xdg, Path.GetFileName(planted.Outer)));
            if (ofAnotherUser)
            {
                Stranger.Own(xdg);
            }

            Stranger.Root("chmod", "0755", xdg);
            planted.Listen(inner);
            Stranger.Root("chmod", mode, xdg);

            var outcome = await planted.Tool.RunAsync(new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = xdg }, "status");

            planted.Caught.ShouldBe("");
            outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.ToString());
            outcome.Output.ShouldContain("stopped");
        }
        finally
        {
            Stranger.Root("rm", "-rf", xdg);
        }
    }

    [Fact]
    public void A_folder_that_this_user_made_is_taken()
    {
        MachinePaths.CreatePrivate(planted.Inner);
        OwnFolder.RequirePrivate(planted.Inner).ShouldBeTrue();
        OwnFolder.CreatePrivate(planted.Inner).ShouldBe(planted.Inner);
    }

    [Theory]
    [InlineData("0777", false)]
    [InlineData("1777", true)]
    public void A_folder_that_others_may_replace_is_not_taken_however_private_it_is(string above, bool taken)
    {
        var folder = MachinePaths.CreatePrivate(Path.Combine(planted.Stage("above"), "mine"));
        Stranger.Root("chmod", above, planted.Stage("above"));
        Stranger.Root("chmod", "1777", planted.Stage("."));
        if (taken)
        {
            OwnFolder.RequirePrivate(folder).ShouldBeTrue();
        }
        else
        {
            Should.Throw<MachineException>(() => OwnFolder.RequirePrivate(folder)).Message.ShouldContain("may replace it");
        }
    }

    [Fact]
    public void A_private_folder_in_a_folder_of_another_user_is_not_taken()
    {
        var folder = MachinePaths.CreatePrivate(Path.Combine(planted.Stage("theirs"), "mine"));
        Stranger.Root("chmod", "1777", planted.Stage("."));
        Stranger.Own(planted.Stage("theirs"));
        Should.Throw<MachineException>(() => OwnFolder.RequirePrivate(folder)).Message.ShouldContain("belongs to another user");
    }

    // The tool's process has no XDG_RUNTIME_DIR; this one may.
    private MachinePaths Paths()
    {
        var paths = MachinePaths.At(planted.Tool.Home);
        Assert.SkipUnless(paths.Runtime == planted.Outer, "this process has an XDG_RUNTIME_DIR of its own");
        return paths;
    }
}
