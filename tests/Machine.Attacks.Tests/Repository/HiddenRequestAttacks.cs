using System.Diagnostics;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Attacks.Tests.Repository;

/// <summary>
/// A pull request changes the Machinefile so that its reader sees less than the tool does. The canary is a folder of the host's: it is asked
/// for in plain words, or the file is refused.
/// </summary>
public sealed class HiddenRequestAttacks : IDisposable
{
    private const string Share = "shares: [{host: ../private, guest: /mnt/p, write: true}]";

    private readonly Scratch scratch = new();

    public HiddenRequestAttacks() => Directory.CreateDirectory(scratch.At("private"));

    public void Dispose() => scratch.Dispose();

    // A parser's instructions: found by fuzzing, a kilobyte of them kept the reader busy for half a minute, and none of it was seen.
    [Theory]
    [InlineData("%YAM4--$\ncpus: 1\n")]
    [InlineData("---\n%YAM4--$\n%YKM4GiAM4--$\n")]
    [InlineData("cpus: 1\n...\n%TAG ! tag:x,2000:\n---\nports: [80]\n")]
    public void An_instruction_to_the_parser_is_refused(string text) =>
        Should.Throw<MachineException>(() => scratch.Read(text)).Message.ShouldContain("an instruction to a YAML parser");

    [Theory]
    [InlineData("# harmless\r" + Share)]
    [InlineData("# harmless\u0085" + Share)]
    [InlineData("# harmless\u2028" + Share)]
    [InlineData("# harmless\u2029" + Share)]
    [InlineData("# harmless\v" + Share)]
    [InlineData("# harmless\f" + Share)]
    [InlineData("cpus: 1\n...\n---\n" + Share)]
    [InlineData("x: &a {host: ../private, guest: /mnt/p, write: true}\nshares: [*a]")]
    [InlineData("<<: {shares: [{host: ../private, guest: /mnt/p}]}")]
    [InlineData("? shares\n: - ? host\n    : !!str ../private\n    ? guest\n    : /mnt/p")]
    [InlineData("shares: []\nshares: [{host: ../private, guest: /mnt/p}]")]
    [InlineData("shares: []\n\"sh\\x61res\": [{host: ../private, guest: /mnt/p}]")]
    [InlineData("sh\u0430res: [{host: ../private, guest: /mnt/p}]")]
    [InlineData("\uff53hares: [{host: ../private, guest: /mnt/p}]")]
    [InlineData("shares\u200b: [{host: ../private, guest: /mnt/p}]")]
    [InlineData("SHARES: [{host: ../private, guest: /mnt/p}]")]
    [InlineData("cpus: 1 # \u202e ]}etirw ,p/tnm/ :tseug{[ :serahs\n" + Share)]
    [InlineData("%YAML 1.1\n---\n" + Share)]
    [InlineData("%TAG ! tag:x,2000:\n---\n!a " + Share)]
    [InlineData("\ufeff\ufeff" + Share)]
    [InlineData("cpus: 1\n\t\n\t" + Share)]
    [InlineData("{\"cpus\": 1, \"shares\": [{\"host\": \"..\\u002fprivate\", \"guest\": \"/mnt/p\"}]}")]
    [InlineData("cpus: 1                                                                                                                        \n\n\n\n\n\n\n\n\n" + Share)]
    public void What_a_reader_does_not_see_is_refused_or_asked_for_in_plain_words(string text)
    {
        MachinePlan plan;
        try
        {
            plan = MachinePlan.From(MachinefileReader.Read(YamlText.Decode(Encoding.UTF8.GetBytes(text), "Machinefile"), scratch.Project, scratch.Host), scratch.Project);
        }
        catch (MachineException)
        {
            return;
        }

        plan.Widening.ShouldHaveSingleItem().Text.ShouldContain(scratch.At("private"));
    }

    [Theory]
    [InlineData("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]", 1)]
    [InlineData("[", 100_000)]
    [InlineData("{a: ", 60_000)]
    [InlineData("- ", 100_000)]
    [InlineData("? ", 100_000)]
    [InlineData("\"", 200_001)]
    [InlineData("# x\n", 60_000)]
    [InlineData("packages: [a, a, a]\n", 10_000)]
    [InlineData("!!", 100_000)]
    [InlineData("&a ", 80_000)]
    [InlineData("'", 200_001)]
    [InlineData("  \n", 80_000)]
    [InlineData("|\n ", 80_000)]
    public void No_file_keeps_its_reader_busy(string piece, int times)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, times)));
        var clock = Stopwatch.StartNew();
        try
        {
            scratch.Read(YamlText.Decode(bytes, "Machinefile"));
        }
        catch (MachineException)
        {
            // Refused in time is as good.
        }

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}")]
    [InlineData("**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/**/x")]
    [InlineData("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b")]
    [InlineData("**/*a*a*a*a*a*/**/*a*a*a*a*a*/**/*a*a*a*a*/b")]
    public void No_pattern_keeps_the_import_busy(string pattern)
    {
        var path = string.Join('/', Enumerable.Repeat(new string('a', 60), 15));
        var clock = Stopwatch.StartNew();
        if (Machine.Tool.Workspaces.Paths.Glob.TryParse(pattern, out var glob, out _))
        {
            glob.Matches(path).ShouldBeFalse();
        }

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }
}
