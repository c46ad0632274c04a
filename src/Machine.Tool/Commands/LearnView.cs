using System.Globalization;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Shows the proposals of <c>network learn</c>, and asks about them. Standard error only: the command's output is its own.</summary>
/// <param name="choose">Asks a person; null where there is none.</param>
/// <param name="allow">Adds one rule to the Machinefile; false where that waits for a yes to something else in it.</param>
internal sealed class LearnView(TextWriter error, Func<string, string[], string?>? choose, Func<string, Task<bool>> allow)
{
    private const int MostOfProgram = 60;
    private const int MostOthers = 10;

    public static Task AfterCommandAsync(LearnedRules learned, int exitCode) => new LearnView(
        Console.Error,
        Terminal.CanAsk && Terminal.OutputIsTerminal ? Question.Choose : null,
        rule => MachineNetwork.AddAsync(OpenedProject.Here(), new NetworkEntry(rule), allows: true, RuleReach.Project, CancellationToken.None)).ShowAsync(learned, exitCode);

    public async Task ShowAsync(LearnedRules learned, int exitCode)
    {
        Tell(learned);
        if (learned.Rules.Count == 0)
        {
            return;
        }

        if (choose is null)
        {
            foreach (var rule in learned.Rules)
            {
                Line($"  dotnet machine network allow {rule.Rule}");
            }
        }
        else
        {
            await AskAsync(learned.Rules);
        }

        if (exitCode != 0)
        {
            Line("machine: the command failed, perhaps at the first of them: once it is allowed, learn again");
        }
    }

    // Nothing is chosen beforehand: one name may look like another.
    private async Task AskAsync(IReadOnlyList<LearnedRule> rules)
    {
        var answer = rules.Count == 1 ? choose!($"Allow {Shown(rules[0])} in the Machinefile?", ["yes"]) : choose!("Allow them in the Machinefile?", ["all", "each"]);
        foreach (var rule in answer is null ? [] : rules)
        {
            if (answer != "each" || choose!($"Allow {Shown(rule)}?", ["yes"]) is not null)
            {
                Line(await allow(rule.Rule) ? $"machine: {rule.Rule} is allowed"
                    : $"machine: {rule.Rule} stands in the Machinefile, which asks besides for what nobody approved yet: dotnet machine start");
            }
        }
    }

    private void Tell(LearnedRules learned)
    {
        if (learned.Rules.Count == 0)
        {
            Line(learned.Others.Count > 0 ? "machine: no rule of its own would allow what was denied while this ran" : "machine: nothing is known to have been denied while this ran");
        }
        else
        {
            Line("machine: denied while this ran; as rules of the Machinefile:");
            Line($"  {MachinefileKeys.Network.Name}:");
            Line($"    {MachinefileKeys.NetworkAllow.Name}:");
            var written = learned.Rules.Select(rule => $"      - {MachinefileEdit.Word(new NetworkEntry(rule.Rule))}").ToList();
            var width = written.Max(line => line.Length);
            foreach (var (line, rule) in written.Zip(learned.Rules))
            {
                Line($"{line.PadRight(width)}  # {About(rule)}");
            }

            foreach (var hint in learned.Hints)
            {
                Line($"  several of them are covered by \"{hint}\", which lets in every server below that name");
            }
        }

        foreach (var other in learned.Others.Take(MostOthers))
        {
            var reason = other.Reason is { } why && why.StartsWith("machine: ", StringComparison.Ordinal) ? why["machine: ".Length..] : other.Reason;
            Line(string.Create(CultureInfo.InvariantCulture, $"  no rule: {Tainted.Line(reason ?? $"{other.Server}:{other.Port}")}"));
        }

        if (learned.Beyond > 0 || learned.Others.Count > MostOthers)
        {
            Line("  there is more than is shown: dotnet machine network log --denied");
        }
    }

    private static string About(LearnedRule rule) =>
        (rule.Program is { Length: > 0 } program ? Tainted.Line(program, MostOfProgram) : "the machine did not tell who")
        + (rule.Connections > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({rule.Connections} times)") : "")
        + (IsOfOtherLetters(rule) ? "; a name of other letters, as xn--" : "");

    private static string Shown(LearnedRule rule) => IsOfOtherLetters(rule) ? $"{rule.Rule} (a name of other letters, as xn--)" : rule.Rule;

    private static bool IsOfOtherLetters(LearnedRule rule) => rule.Rule.Split('.').Any(label => label.StartsWith("xn--", StringComparison.Ordinal));

    private void Line(string text) => error.WriteLine(text);
}
