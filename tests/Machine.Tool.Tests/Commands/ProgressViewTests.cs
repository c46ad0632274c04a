using Machine.Tool.Commands;

namespace Machine.Tool.Tests.Commands;

public sealed class ProgressViewTests
{
    [Fact]
    public async Task Without_a_terminal_a_long_step_is_one_line_when_it_has_ended()
    {
        var clock = new HandClock();
        await using var error = new StringWriter { NewLine = "\n" };
        await using (var view = new PlainProgress(error, clock))
        {
            view.Step("building image debian/12");
            view.Detail("unpacking 61 of 140 packages");
            clock.Advance(TimeSpan.FromSeconds(48.2));
            view.Step("too short to tell");
            clock.Advance(TimeSpan.FromMilliseconds(100));
            view.Step("booting\u001b[2J");
            view.Note("no hardware acceleration");
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        error.ToString().ShouldBe("machine: building image debian/12 (48.2 s)\nmachine: no hardware acceleration\nmachine: booting\\x1b[2J (2.0 s)\n");
    }

    [Theory]
    [InlineData("GITHUB_ACTIONS", "::group::machine: getting ready", "::endgroup::")]
    [InlineData("TF_BUILD", "##[group]machine: getting ready", "##[endgroup]")]
    [InlineData("GITLAB_CI", "\u001b[0Ksection_start:7:machine_7000[collapsed=true]\r\u001b[0Kmachine: getting ready", "\u001b[0Ksection_end:7:machine_7000\r\u001b[0K")]
    public async Task A_pipeline_folds_what_is_said_and_nothing_where_nothing_is(string variable, string begin, string end)
    {
        var group = LogGroup.Of(name => name == variable ? "True" : null, DateTimeOffset.FromUnixTimeSeconds(7));
        await using var error = new StringWriter { NewLine = "\n" };
        await using (var view = new PlainProgress(error, new HandClock(), group))
        {
            view.Step("too short to tell");
        }

        error.ToString().ShouldBeEmpty();
        await using (var view = new PlainProgress(error, new HandClock(), group))
        {
            view.Note("one");
            view.Note("two");
        }

        error.ToString().ShouldBe($"{begin}\nmachine: one\nmachine: two\n{end}\n");
        LogGroup.Of(_ => null, DateTimeOffset.UtcNow).ShouldBeNull();
    }

    [Theory]
    [InlineData("GITHUB_ACTIONS", "::error title=machine::100%25 full%0A::set-env%0D")]
    [InlineData("TF_BUILD", "##vso[task.logissue type=error]100%25 full%0A::set-env%0D")]
    [InlineData("GITLAB_CI", null)]
    public void A_failure_is_one_line_of_the_pipelines_own_kind(string variable, string? line) =>
        LogAnnotation.Error("100% full\n::set-env\r", name => name == variable ? "true" : null).ShouldBe(line);

    private sealed class HandClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => ticks += by.Ticks;

        public override long GetTimestamp() => ticks;
    }
}
