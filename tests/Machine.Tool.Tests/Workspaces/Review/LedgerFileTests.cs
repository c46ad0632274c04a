using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;


namespace Machine.Tool.Tests.Workspaces.Review;

public sealed class LedgerFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-ledger-").FullName;

    private string Place => Path.Combine(folder, "changes.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static ProjectPath At(string path) => ProjectPath.From(path)!;

    [Fact]
    public void What_was_written_is_read()
    {
        var stamp = new GuestStamp(long.MaxValue, -1, 2);
        var written = new ChangeLedger.Content(1, "0123", DateTimeOffset.Parse("2026-11-22T21:00:00.1234567Z"), [], []);
        foreach (var kind in Enum.GetValues<HostKind>())
        {
            written.Held[At($"{kind} 'quoted' äöü")] = new HeldBase(new HostFingerprint(kind, 3, 4, kind == HostKind.File ? "hash" : null), Born: kind == HostKind.Link, kind == HostKind.File ? stamp : null);
        }

        written.Brought[At("bin/a")] = new BroughtFile(stamp, new HostFingerprint(HostKind.File, 5, 6, null));
        written.Brought[At("bin/b")] = new BroughtFile(stamp, new HostFingerprint(HostKind.File, 5, 6, "hash", 7));
        written.Brought[At("bin/on its way")] = new BroughtFile(null, null);

        LedgerFile.Write(Place, written);

        var read = LedgerFile.TryRead(Place).ShouldNotBeNull();
        (read.Version, read.UpperId, read.LastListed).ShouldBe((written.Version, written.UpperId, written.LastListed));
        read.Held.ShouldBe(written.Held);
        read.Brought.ShouldBe(written.Brought);
    }

    [Fact]
    public void What_is_no_path_of_the_project_is_left_out()
    {
        File.WriteAllText(Place, """{"version":1,"upperId":null,"brought":{"../a":{},"bin/b":{}},"held":{"/c":{"host":null,"born":true}}}""");

        var read = LedgerFile.TryRead(Place).ShouldNotBeNull();

        read.Brought.Keys.ShouldBe([At("bin/b")]);
        read.Held.ShouldBeEmpty();
    }

    [Fact]
    public void A_new_one_is_read()
    {
        LedgerFile.Write(Place, ChangeLedger.Content.Empty);

        LedgerFile.TryRead(Place).ShouldNotBeNull().LastListed.ShouldBeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"version":"1","upperId":null,"brought":{},"held":{}}""")]
    [InlineData("""{"version":1,"upperId":null,"brought":[],"held":{}}""")]
    [InlineData("""{"version":1,"upperId":null,"brought":{},"held":{"a":{"host":null,"born":true}}}""")]
    [InlineData("""{"version":1,"upperId":null,"brought":{"a":{"host":{"kind":"none","sizeBytes":1,"modifiedNs":1}}},"held":{}}""")]
    public void A_broken_one_is_none(string text)
    {
        File.WriteAllText(Place, text);

        LedgerFile.TryRead(Place).ShouldBeNull();
    }

    [Fact]
    public void What_is_on_its_way_is_read()
    {
        LedgerFile.WriteArriving(Place, [(At("bin/a"), new ArrivingFile(3, 4))]);

        LedgerFile.ReadArriving(Place).ShouldHaveSingleItem().ShouldBe(new(At("bin/a"), new ArrivingFile(3, 4)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"a":[1]}""")]
    [InlineData("""{"a":["1",2]}""")]
    public void A_broken_note_of_what_is_on_its_way_says_nothing(string text)
    {
        File.WriteAllText(Place, text);

        LedgerFile.ReadArriving(Place).ShouldBeEmpty();
    }

    [Fact]
    public void Where_none_is_there_is_none() => LedgerFile.TryRead(Place).ShouldBeNull();
}
