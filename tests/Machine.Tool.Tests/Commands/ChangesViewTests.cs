using Machine.Tool.Commands;
using Machine.Tool.Machinefiles;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Tests.Commands;

public sealed class ChangesViewTests : IDisposable
{
    private static readonly Change Added = new("src/new.cs", ChangeKind.Added, ChangeClass.Held, 10, false, false, null);
    private static readonly Change Modified = new("src/old.cs", ChangeKind.Modified, ChangeClass.Held, 20, false, false, null);
    private static readonly Change Guarded = new("App.csproj", ChangeKind.Modified, ChangeClass.Guarded, 30, false, false, "MSBuild runs it");
    private static readonly Change Conflict = new("both.txt", ChangeKind.Modified, ChangeClass.Held, 40, false, true, null);
    private static readonly Change Refused = new("dev/null\u001b[2J", ChangeKind.Added, ChangeClass.Refused, 0, false, false, "a device");

    private readonly string folder = Directory.CreateTempSubdirectory("machine-view-").FullName;
    private readonly List<string> questions = [];
    private string? gone;
    private int applied;

    private string Told => Path.Combine(folder, "told.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Nothing_held_and_nothing_refused_says_nothing()
    {
        (await AfterAsync(answer: true)).ShouldBeEmpty();

        File.Exists(Told).ShouldBeFalse();
    }

    [Fact]
    public async Task Held_changes_are_one_line_with_what_they_are() =>
        (await AfterAsync(null, Modified, Modified with { Path = "src/other.cs" }, Added, Guarded))
            .ShouldBe("machine: 4 changes held (3 modified, 1 added), 1 of them guarded: dotnet machine changes\n");

    [Fact]
    public async Task What_was_told_is_not_told_again_to_a_pipeline()
    {
        await AfterAsync(null, Modified, Refused);

        (await AfterAsync(null, Modified, Refused)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_new_is_told_again()
    {
        await AfterAsync(null, Modified);

        (await AfterAsync(null, Modified, Added)).ShouldContain("2 changes held");
        (await AfterAsync(null, Modified, Added with { SizeBytes = 11 })).ShouldContain("2 changes held");
    }

    [Fact]
    public async Task A_person_is_reminded_in_one_line_and_not_asked_twice()
    {
        await AfterAsync(answer: false, Modified);

        (await AfterAsync(answer: false, Modified)).ShouldBe("machine: 1 change held (1 modified): dotnet machine changes\n");
        questions.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_person_sees_the_list_and_one_question_that_leaves_guarded_files_out()
    {
        var said = await AfterAsync(answer: true, Modified, Added, Guarded);

        said.ShouldContain("  M src/old.cs\n");
        said.ShouldContain("  A src/new.cs\n");
        said.ShouldContain("  M App.csproj (guarded: MSBuild runs it)\n");
        questions.ShouldBe(["Apply 2 unguarded changes?"]);
        applied.ShouldBe(1);
        said.ShouldContain("machine: 2 files applied\n");
    }

    [Fact]
    public async Task What_is_another_by_now_is_not_asked_for()
    {
        gone = Modified.Path;

        (await AfterAsync(answer: true, Modified, Added)).ShouldNotContain("  M src/old.cs");

        questions.ShouldBe(["Apply 1 unguarded change?"]);
    }

    [Fact]
    public async Task Outputs_of_this_hosts_own_are_said_with_the_remedy()
    {
        var own = Modified with { Reason = ImportPolicy.HostsOwn };

        (await AfterAsync(null, own with { Path = "src/App/bin/Debug/a.json" }, own with { Path = "src/App/bin/b.json" }))
            .ShouldContain("  2 outputs would replace files of this host's own under src/App/bin: delete the folders that this host built once, or dotnet machine apply src/App/bin\n");
    }

    [Fact]
    public async Task Who_says_no_applies_nothing()
    {
        await AfterAsync(answer: false, Modified);

        applied.ShouldBe(0);
    }

    [Fact]
    public async Task Guarded_files_alone_are_never_asked_for_here()
    {
        await AfterAsync(answer: true, Guarded);

        questions.ShouldBeEmpty();
        applied.ShouldBe(0);
    }

    [Theory]
    [InlineData(ChangesMode.Hold)]
    [InlineData(ChangesMode.Apply)]
    public async Task Only_the_mode_ask_asks(object mode)
    {
        await AfterAsync(answer: true, (ChangesMode)mode, Modified);

        questions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Conflicts_are_named() =>
        (await AfterAsync(null, Conflict)).ShouldContain("  M both.txt (conflict: this host's file changed too)\n");

    [Fact]
    public async Task Refused_files_are_a_line_each_and_no_escape_sequence_gets_through()
    {
        var said = await AfterAsync(null, Refused);

        said.ShouldBe("  ! dev/null\\x1b[2J refused: a device\n");
    }

    [Fact]
    public async Task Many_refused_files_are_cut_off_with_their_number()
    {
        var many = Enumerable.Range(0, 45).Select(i => Refused with { Path = $"d{i}/x" }).ToArray();

        var lines = (await AfterAsync(null, many)).TrimEnd('\n').Split('\n');

        lines.Length.ShouldBe(21);
        lines[^1].ShouldBe("  … and 25 more: dotnet machine changes");
    }

    [Fact]
    public async Task A_broken_memory_of_what_was_told_tells_again()
    {
        await File.WriteAllTextAsync(Told, "{", TestContext.Current.CancellationToken);

        (await AfterAsync(null, Modified)).ShouldContain("1 change held");
    }

    [Fact]
    public void Names_are_shown_from_where_the_person_is()
    {
        var root = Path.GetFullPath("/work folder/project");
        var paths = new ProjectPaths(root, Path.Combine(root, "src"));

        paths.Shown(Added).ShouldBe("new.cs");
        paths.Shown(Guarded).ShouldBe("../App.csproj");
        paths.FromTyped("new.cs").ShouldBe("src/new.cs");
        paths.FromTyped("../App.csproj").ShouldBe("App.csproj");
        paths.FromTyped("..").ShouldBe(".");
        // As a shell completes a folder.
        paths.FromTyped("bin/").ShouldBe("src/bin");
        paths.FromTyped("../").ShouldBe(".");
        Should.Throw<Machine.Tool.Hosting.MachineException>(() => paths.FromTyped("../../x"));
        Should.Throw<Machine.Tool.Hosting.MachineException>(() => paths.FromTyped("/etc/passwd"));
    }

    private Task<string> AfterAsync(bool? answer, params Change[] changes) => AfterAsync(answer, ChangesMode.Ask, changes);

    private async Task<string> AfterAsync(bool? answer, ChangesMode mode, params Change[] changes)
    {
        await using var error = new StringWriter { NewLine = "\n" };
        Func<string, bool>? ask = answer is { } yes ? question =>
        {
            questions.Add(question);
            return yes;
        }
        : null;
        await new ChangesView(error, ask, new ProjectPaths(folder, folder)).ShowAsync(
            ChangeReport.Of(changes),
            mode,
            Told,
            held => Task.FromResult<IReadOnlyList<ShownChange>>([.. held.Where(change => change.Path != gone).Select(change => new ShownChange(change, "", "hash"))]),
            shown =>
            {
                applied++;
                return Task.FromResult(ChangeReport.Of([], imported: shown.Count));
            });
        return error.ToString();
    }
}
