using Machine.Build.Records;
using Microsoft.Build.Framework;

namespace Machine.Build.Tests.Records;

/// <summary>A guest's records in an error list: a click on one is the host's.</summary>
public sealed class RecordBoundsTests
{
    private static readonly string Root = Path.Combine(Path.GetTempPath(), "machine-bounds", "repository");

    [Theory]
    [InlineData("App/Program.cs")]
    [InlineData("CSC")]
    [InlineData("")]
    [InlineData("./a/../b.cs")]
    public void What_lies_below_the_project_can_be_opened(string file) => Of(file).File.ShouldBe(file);

    [Fact]
    public void So_can_a_full_path_below_it() => Of(Path.Combine(Root, "a b.cs")).File.ShouldBe(Path.Combine(Root, "a b.cs"));

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../other/a.cs")]
    [InlineData("a/../../other/a.cs")]
    [InlineData(@"..\other\a.cs")]
    [InlineData(@"\\attacker\share\a.cs")]
    [InlineData("//attacker/share/a.cs")]
    [InlineData("file:///etc/passwd")]
    [InlineData("vscode://evil/run")]
    [InlineData("/usr/share/dotnet/sdk/x.targets")]
    public void What_lies_elsewhere_is_shown_and_cannot_be(string file)
    {
        Of(file).File.ShouldBe("machine:" + file);
        new RecordBounds(Root).Apply(new BuildRecord { Project = file }).Project.ShouldBe("machine:" + file);
    }

    [Theory]
    [InlineData("https://learn.microsoft.com/a?b=c", "https://learn.microsoft.com/a?b=c")]
    [InlineData("http://learn.microsoft.com/", "")]
    [InlineData("file:///etc/passwd", "")]
    [InlineData(@"\\attacker\share\a.html", "")]
    [InlineData("javascript:alert(1)", "")]
    [InlineData("https://user:secret@host/", "")]
    [InlineData("relative", "")]
    public void A_link_goes_to_a_page_over_https(string link, string kept) =>
        new RecordBounds(Root).Apply(new BuildRecord { HelpLink = link }).HelpLink.ShouldBe(kept);

    [Theory]
    [InlineData("CS0168", "CS0168")]
    [InlineData("a b", "")]
    [InlineData("http://x", "")]
    public void A_keyword_is_a_word(string keyword, string kept) =>
        new RecordBounds(Root).Apply(new BuildRecord { HelpKeyword = keyword }).HelpKeyword.ShouldBe(kept);

    [Theory]
    [InlineData("::add-path::/evil", ": :add-path::/evil")]
    [InlineData("a\n  ::add-mask::x", "a\n  : :add-mask::x")]
    [InlineData("x ##vso[task.prependpath]/evil", "x # #vso[task.prependpath]/evil")]
    [InlineData("##VSO[a]", "# #VSO[a]")]
    [InlineData("###[a]", "## #[a]")]
    [InlineData("##\ufe0fteamcity[x]", "# #\ufe0fteamcity[x]")]
    [InlineData("a::b std::c ##v # ## :", "a::b std::c ##v # ## :")]
    public void Commands_for_a_runner_become_text(string text, string shown) => RunnerText.Defuse(text).ShouldBe(shown);

    [Fact]
    public void A_flood_of_records_is_bounded_and_fails_the_build()
    {
        var engine = new Listening();
        var replay = new RecordReplay(engine, "test", new RecordBounds(Root));
        for (var i = 0; i < RecordReplay.MostDiagnostics + 500; i++)
        {
            replay.Replay(new BuildRecord { Kind = RecordKind.Error, Text = "e" });
            replay.Replay(new BuildRecord { Kind = RecordKind.Warning, Text = "w" });
        }

        (engine.Errors, engine.Warnings).ShouldBe((RecordReplay.MostDiagnostics + 1, RecordReplay.MostDiagnostics));
        replay.Errors.ShouldBe(RecordReplay.MostDiagnostics + 500);
        engine.Last.ShouldContain("the rest is left out");
    }

    [Fact]
    public void So_is_their_length()
    {
        var engine = new Listening();
        var replay = new RecordReplay(engine, "test", new RecordBounds(Root));
        var text = new string('x', RecordLine.MostText);
        for (var i = 0; i < 2 * RecordReplay.MostCharacters / text.Length; i++)
        {
            replay.Replay(new BuildRecord { Kind = RecordKind.Message, Text = text });
        }

        engine.Characters.ShouldBeLessThanOrEqualTo(RecordReplay.MostCharacters);
        engine.Errors.ShouldBe(1, "what is left out is said");
    }

    private static BuildRecord Of(string file) => new RecordBounds(Root).Apply(new BuildRecord { File = file });

    private sealed class Listening : IBuildEngine
    {
        public int Errors { get; private set; }

        public int Warnings { get; private set; }

        public long Characters { get; private set; }

        public string Last { get; private set; } = "";

        public bool ContinueOnError => false;

        public int LineNumberOfTaskNode => 0;

        public int ColumnNumberOfTaskNode => 0;

        public string ProjectFileOfTaskNode => "";

        public void LogErrorEvent(BuildErrorEventArgs e)
        {
            Errors++;
            Last = e.Message!.Length > 10 ? e.Message : Last;
        }

        public void LogWarningEvent(BuildWarningEventArgs e) => Warnings++;

        public void LogMessageEvent(BuildMessageEventArgs e) => Characters += e.Message!.Length;

        public void LogCustomEvent(CustomBuildEventArgs e)
        {
        }

        public bool BuildProjectFile(string projectFileName, string[] targetNames, System.Collections.IDictionary globalProperties, System.Collections.IDictionary targetOutputs) => false;
    }
}
