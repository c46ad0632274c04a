using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Operations;

namespace Machine.Tool.Tests.Operations;

/// <summary>Operations ask through <see cref="IConsent"/>, whoever stands behind it; without a yes nothing is lost.</summary>
public sealed class ConsentTests : IDisposable
{
    private readonly TestFolder home = new();
    private readonly MachinePaths paths;
    private readonly KnownMachine machine;

    public ConsentTests()
    {
        paths = MachinePaths.At(home.Path);
        var folders = new ProjectMachine(paths, new ProjectRoot("/src/shop")).Create();
        MachineRecord.ReadOrNew(folders.State, folders.Project, "qemu").Save(folders.State);
        File.WriteAllBytes(Path.Combine(folders.Volumes, "db.qcow2"), new byte[5000]);
        machine = KnownMachines.All(paths).Single();
    }

    public void Dispose()
    {
        Directory.Delete(paths.Runtime, recursive: true);
        home.Dispose();
    }

    [Fact]
    public async Task Where_nobody_can_be_asked_nothing_is_destroyed_and_the_command_that_is_a_yes_is_named()
    {
        var consent = new Answer(null);

        var refused = await Should.ThrowAsync<MachineException>(() => DestroyAsync(consent));

        refused.Message.ShouldContain("volume db");
        refused.Remedy.ShouldNotBeNull().ShouldContain("destroy it --yes");
        Directory.Exists(machine.Folders.State).ShouldBeTrue();
    }

    [Fact]
    public async Task A_no_destroys_nothing()
    {
        var consent = new Answer(false);

        (await Should.ThrowAsync<MachineException>(() => DestroyAsync(consent))).Message.ShouldBe("nothing was destroyed");

        consent.Shown.ShouldHaveSingleItem().ShouldContain("volume db");
        Directory.Exists(machine.Folders.State).ShouldBeTrue();
    }

    [Fact]
    public async Task A_yes_is_to_what_was_shown_and_all_of_it_goes()
    {
        var consent = new Answer(true);

        await DestroyAsync(consent);

        consent.Shown.ShouldHaveSingleItem().ShouldContain($"Destroying {machine.Id} (/src/shop) loses:");
        KnownMachines.All(paths).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(null)]
    public void What_needs_a_yes_is_not_done_without_one(bool? answer)
    {
        var consent = new Answer(answer);
        Action ask = () => consent.Require("the volume db is lost", "Delete it?", "rm db --yes", "nothing was changed");

        if (answer == true)
        {
            ask();
        }
        else
        {
            var refused = Should.Throw<MachineException>(ask);
            refused.Message.ShouldBe(answer == false ? "nothing was changed" : "the volume db is lost");
            refused.Remedy.ShouldBe(answer == false ? null : "if that is meant: rm db --yes");
        }

        consent.Shown.ShouldBe(["The volume db is lost"]);
    }

    private Task DestroyAsync(IConsent consent) => DestroyMachine.RunAsync(machine, paths, consent, "destroy it --yes", TestContext.Current.CancellationToken);

    private sealed class Answer(bool? answer) : IConsent
    {
        public List<string> Shown { get; } = [];

        public bool? Ask(string shown, string question)
        {
            Shown.Add(shown);
            return answer;
        }
    }
}
