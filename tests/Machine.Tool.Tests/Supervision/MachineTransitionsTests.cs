using Machine.Tool.Control;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;

namespace Machine.Tool.Tests.Supervision;

/// <summary>The table of docs/architecture.md, against what follows on what.</summary>
public sealed class MachineTransitionsTests
{
    private static readonly string[][] Rows = [.. File.ReadLines(Path.Combine(CommandDocsTests.Root, "docs", "architecture.md"))
        .SkipWhile(line => !line.StartsWith("| state |", StringComparison.Ordinal)).TakeWhile(line => line.StartsWith('|'))
        .Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];

    [Fact]
    public void Every_state_with_every_event_is_in_the_table_and_follows_it()
    {
        var events = Enum.GetValues<MachineEvent>();
        var table = Rows.Where(row => !row[0].StartsWith('-')).ToList();
        table[0][1..].ShouldBe(events.Select(Words));
        table.Skip(1).Select(row => row[0]).ShouldBe(Enum.GetValues<MachineState>().Select(state => Words(state)));

        foreach (var (row, state) in table.Skip(1).Zip(Enum.GetValues<MachineState>()))
        {
            foreach (var (cell, happened) in row.Skip(1).Zip(events))
            {
                Words(MachineTransitions.Next(state, happened)).ShouldBe(cell == "·" ? Words(state) : cell, $"{state}, {happened}");
            }
        }
    }

    [Fact]
    public void From_each_state_a_stop_leads_to_the_end()
    {
        foreach (var state in Enum.GetValues<MachineState>())
        {
            MachineTransitions.IsEnding(MachineTransitions.Next(state, MachineEvent.StopAsked)).ShouldBeTrue();
        }
    }

    private static string Words<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select((c, index) => char.IsUpper(c) && index > 0 ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
