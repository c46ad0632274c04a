using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// QEMU before 8.2 must be let write the memory that it thaws from. A guest that took it over writes there what every other machine
/// would thaw, and hides that it did.
/// </summary>
public sealed class TemplateMemoryAttacks : IDisposable
{
    private static readonly Version Writing = new(7, 2, 22);
    private static readonly DateTime Frozen = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly EmulatorProbe probe = new();
    private readonly TemplateStore store;

    public TemplateMemoryAttacks()
    {
        // Too large to be hashed, as real ones are.
        using (var file = File.OpenWrite(Memory))
        {
            file.SetLength(17 << 20);
        }

        File.SetLastWriteTimeUtc(Memory, Frozen);
        var folder = Path.GetDirectoryName(Memory)!;
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        JsonState.Write(Path.Combine(folder, TemplateFacts.FileName), new TemplateFacts
        {
            Version = TemplateFacts.CurrentVersion,
            Key = "t",
            Image = "image",
            Base = "debian/12",
            Sdk = null,
            Machine = "engine",
            User = "me",
            Created = DateTimeOffset.UnixEpoch,
            Files = new Dictionary<string, TemplateFile> { [WarmTemplate.Memory] = TemplateFile.Of(Memory)! },
        });
        store = new TemplateStore(MachinePaths.At(probe.At("home")));
    }

    private string Memory => probe.At("home/templates/t/memory");

    public void Dispose() => probe.Dispose();

    [Theory]
    [InlineData("sysseek($f, 4096, 0); syswrite($f, 'evil')")]
    [InlineData("syswrite($f, 'evil'); chmod(0600, $f)")]
    public async Task Memory_that_was_written_is_thawed_by_nobody_though_its_time_was_set_back(string write)
    {
        store.Find("t", out _).ShouldNotBeNull("it is what would be used");

        var said = await probe.RunAsync(
            $"open(my $f, '+<', '{Memory}') or print \"refused: $!\"; {write}; close $f; utime({Seconds}, {Seconds}, '{Memory}') or print \"refused: $!\"", Writing);

        said.ShouldBe("", "the attack itself works");
        (new FileInfo(Memory).Length, File.GetLastWriteTimeUtc(Memory)).ShouldBe((17 << 20, Frozen), "and is hidden");
        store.Find("t", out var broken).ShouldBeNull();
        broken.ShouldBe("memory is not what was frozen");
    }

    [Fact]
    public async Task Memory_that_was_only_opened_for_writing_is_still_the_template()
    {
        (await probe.RunAsync($"open(my $f, '+<', '{Memory}') or print \"refused: $!\"; sysread($f, my $page, 4096) or print 'nothing'; close $f", Writing)).ShouldBe("");
        store.Find("t", out _).ShouldNotBeNull();
    }

    private static long Seconds => new DateTimeOffset(Frozen).ToUnixTimeSeconds();
}
