using System.Text;
using System.Text.Json;
using Machine.Tool.Control;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Operations;
using Machine.Tool.Tests.Doors.Egress;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>The guest chooses which names it is denied: what is said of them is clean and has a bound, and nothing is allowed by it that a person did not say yes to.</summary>
public sealed class DeniedWordsAttacks : IAsyncDisposable
{
    private readonly DoorUnderTest door = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => door.DisposeAsync();

    [Fact]
    public async Task Ten_thousand_names_are_fifty_and_a_number()
    {
        using var watch = door.Watch();
        for (var i = 0; i < 10_000; i++)
        {
            watch.Note(new EgressEntry { Id = i, Time = DateTimeOffset.UtcNow, Server = $"n{i}.example.com", Port = 443, End = EgressEnd.Denied, Wish = $"n{i}.example.com" }, asker: null);
        }

        var summary = await watch.SettledAsync();

        summary.Servers.Count.ShouldBe(DeniedWatch.MostServers);
        summary.Servers[0].Entry.Server.ShouldBe("n0.example.com");
        summary.Beyond.ShouldBe(10_000 - DeniedWatch.MostServers);
        var learned = LearnedRules.Of(new DeniedConnections([.. Enumerable.Range(0, 10_000).Select(i => new DeniedServer($"n{i}.example.com", 443, 1, $"n{i}.example.com", null, null))], 5));
        learned.Rules.Count.ShouldBe(LearnedRules.MostRules);
        learned.Beyond.ShouldBe(10_000 - LearnedRules.MostRules + 5);
    }

    [Fact]
    public async Task What_is_denied_is_known_before_the_program_hears_of_it_with_who_asked_and_only_while_somebody_watches()
    {
        using var earlier = await door.RelayAsync("earlier.example.com", 5432);
        await door.LineAsync(earlier);
        DeniedSummary summary;
        using (var watch = door.Watch())
        {
            using var relay = await door.RelayAsync("db.example.com", 5432);
            var id = (await door.LineAsync(relay)).Split(' ')[1];
            watch.IsEmpty.ShouldBeFalse();
            using var again = await door.RelayAsync("db.example.com", 5432);
            await door.LineAsync(again);
            using var second = await door.ConnectAsync();
            await second.SendAsync(Encoding.ASCII.GetBytes($"who {id} 77 1000 /usr/bin/ps\u001b[31mql -h db\n"), cancel);
            await door.ReadAllAsync(second);
            summary = await watch.SettledAsync();
        }

        var (entry, times) = summary.Servers.ShouldHaveSingleItem();
        (entry.Server, entry.Port, entry.Wish, times).ShouldBe(("db.example.com", 5432, "db.example.com:5432", 2));
        entry.Asker.ShouldNotBeNull().Program.ShouldStartWith("/usr/bin/ps\\x1b[31mql");
    }

    [Theory]
    [InlineData("\u001b[2Jevil.example.com")]
    [InlineData("10.0.0.1")]
    [InlineData("api.example.com,evil.example.com")]
    [InlineData("*.example.com")]
    [InlineData("\u0430pi.example.com")]
    public async Task What_is_no_name_is_no_rule(string name)
    {
        using var watch = door.Watch();
        using var relay = await door.ConnectAsync();
        await relay.SendAsync(Encoding.UTF8.GetBytes($"to {name} 443\n"), cancel);
        await door.LineAsync(relay);

        var (entry, _) = (await watch.SettledAsync()).Servers.ShouldHaveSingleItem();

        entry.Wish.ShouldBeNull();
        entry.Server.ShouldNotContain('\u001b');
        LearnedRules.Of(new DeniedConnections([new DeniedServer(entry.Server, entry.Port, 1, entry.Wish, null, entry.Reason)], 0)).Rules.ShouldBeEmpty();
    }

    // A supervisor of another version, or one that a guest deceived.
    [Theory]
    [InlineData("*.example.com")]
    [InlineData("github")]
    [InlineData("API.example.com")]
    [InlineData("a.example.com\n    - evil.example.com")]
    [InlineData("10.0.0.1")]
    [InlineData("")]
    public void What_is_wished_for_in_another_form_is_no_rule(string wish) =>
        LearnedRules.Of(new DeniedConnections([new DeniedServer("x", 443, 1, wish, null, null)], 0)).Rules.ShouldBeEmpty();

    [Theory]
    [InlineData("example.com", "*.example.com")]
    [InlineData("s3.eu.example.com", "*.s3.eu.example.com")]
    [InlineData("co.uk", null)]
    [InlineData("github.io", null)]
    [InlineData("amazonaws.com", null)]
    [InlineData("com", null)]
    public void A_wider_rule_is_a_hint_and_never_for_names_of_everybody(string above, string? hint)
    {
        var learned = LearnedRules.Of(new DeniedConnections([.. "abc".Select(c => new DeniedServer($"{c}.{above}", 443, 1, $"{c}.{above}", null, null))], 0));

        learned.Rules.Select(rule => rule.Rule).ShouldBe("abc".Select(c => $"{c}.{above}"));
        learned.Hints.ShouldBe(hint is null ? [] : [hint]);
    }

    [Fact]
    public async Task After_a_command_that_failed_one_clean_line_says_what_was_denied()
    {
        await using var client = await ClientUnderAttack.StartAsync("echo out; exit 7");
        client.Ending = () => new ExecEnd(null, null, new DeniedConnections(
            [
                new DeniedServer("api.example.com", 443, 3, "api.example.com", $"/usr/bin/cu\u001b[2J{new string('x', 500)} -s", "why"),
                new DeniedServer("\u001b[31mb", 80, 1, null, null, null),
                new DeniedServer("c.example.com", 80, 1, null, null, null),
            ],
            0));

        var outcome = await client.RunAsync(client.Variables(), "exec", "x");

        outcome.ExitCode.ShouldBe(7);
        outcome.Output.ShouldBe("out\n");
        outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem()
            .ShouldMatch(@"^machine: denied while this ran: api\.example\.com:443 \(cu\\x1b\[2Jx{30,40}…\) and 2 more: dotnet machine network allow api\.example\.com, or network log$");
        client.Ended.ShouldBe(["?denied"]);
    }

    [Theory]
    [InlineData("exit 0", "")]
    [InlineData("exit 3", "?denied")]
    public async Task Nothing_is_asked_for_or_said_where_the_command_succeeded_or_nothing_was_denied(string guest, string asked)
    {
        await using var client = await ClientUnderAttack.StartAsync(guest);

        var outcome = await client.RunAsync(client.Variables(), "exec", "x");

        outcome.Error.ShouldBeEmpty();
        client.Ended.ShouldBe([asked]);
    }

    [Fact]
    public async Task Learn_proposes_names_alone_and_changes_nothing_where_nobody_can_be_asked()
    {
        await using var client = await LearningAsync("echo out; exit 4");

        var outcome = await client.RunAsync(client.Variables(), "network", "learn", "--", "x", "--json");

        outcome.ExitCode.ShouldBe(4);
        outcome.Output.ShouldBe("out\n");
        outcome.Error.ShouldMatch(@"\n      - api\.example\.com +# curl -s\n");
        outcome.Error.ShouldMatch(@"\n      - xn--pi-7kc\.example\.com +# the machine did not tell who; a name of other letters, as xn--\n");
        outcome.Error.ShouldMatch(@"\n      - ""db\.example\.com:5432"" +# ps\\x1b\[2Jql \(2 times\)\n");
        outcome.Error.ShouldContain("  dotnet machine network allow db.example.com:5432\n");
        outcome.Error.ShouldContain("several of them are covered by \"*.example.com\"");
        outcome.Error.ShouldNotContain("allow *");
        outcome.Error.ShouldContain("there is more than is shown");
        outcome.Error.ShouldNotContain('\u001b');
        (await client.RunAsync(client.Variables(), "network", "show", "--json")).Output.ShouldBe("[]\n");
    }

    [Fact]
    public async Task Learn_prints_json_alone_and_the_commands_own_output_elsewhere()
    {
        await using var client = await LearningAsync("echo out; echo err >&2; exit 4");

        var outcome = await client.RunAsync(client.Variables(), "network", "learn", "--json", "-e", "A=--json", "x");

        outcome.ExitCode.ShouldBe(4);
        outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["out", "err"], ignoreOrder: true);
        using var report = JsonDocument.Parse(outcome.Output);
        report.RootElement.GetProperty("exitCode").GetInt32().ShouldBe(4);
        report.RootElement.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("rule").GetString()).ShouldBe(["api.example.com", "xn--pi-7kc.example.com", "c.example.com", "db.example.com:5432"]);
        report.RootElement.GetProperty("hints").EnumerateArray().Select(hint => hint.GetString()).ShouldBe(["*.example.com"]);
        report.RootElement.GetProperty("others").GetArrayLength().ShouldBe(1);
        report.RootElement.GetProperty("beyond").GetInt32().ShouldBe(9);
    }

    [Theory]
    [InlineData("\n", "")]
    [InlineData("y\n", "")]
    [InlineData("all\n", "api.example.com xn--pi-7kc.example.com c.example.com db.example.com:5432")]
    [InlineData("e\n", "c.example.com")]
    public async Task What_is_allowed_is_what_a_person_said_yes_to(string answer, string allowed)
    {
        await using var client = await LearningAsync("exit 0");

        await client.RunAtTerminalAsync(
            client.Variables(),
            [("[all/each/N] ", answer), ("Allow api.example.com? [yes/N] ", "n\n"), ("(a name of other letters, as xn--)? [yes/N] ", "\n"), ("Allow c.example.com? [yes/N] ", "y\n"), ("Allow db.example.com:5432? [yes/N] ", "no\n")],
            "network", "learn", "x");

        using var rules = JsonDocument.Parse((await client.RunAsync(client.Variables(), "network", "show", "--json")).Output);
        rules.RootElement.EnumerateArray().Select(rule => rule.GetProperty("rule").GetString()).ShouldBe(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<ClientUnderAttack> LearningAsync(string guest)
    {
        var client = await ClientUnderAttack.StartAsync(guest);
        client.Ending = () => new ExecEnd(null, null, new DeniedConnections(
            [
                new DeniedServer("api.example.com", 443, 1, "api.example.com", "curl -s", null),
                new DeniedServer("xn--pi-7kc.example.com", 443, 1, "xn--pi-7kc.example.com", null, null),
                new DeniedServer("c.example.com", 443, 1, "c.example.com", "c", null),
                new DeniedServer("db.example.com", 5432, 2, "db.example.com:5432", "ps\u001b[2Jql", null),
                new DeniedServer("10.0.0.1", 80, 1, null, null, "machine: 10.0.0.1:80 is \u001b[2Jan address"),
            ],
            9));
        return client;
    }
}
