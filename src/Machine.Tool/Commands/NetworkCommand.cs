using System.CommandLine;
using System.Globalization;
using Machine.Tool.Commands.Help;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>network show|check|allow|deny|remove|learn|log</c>: what the project's machine may reach, and what it tried.</summary>
internal static class NetworkCommand
{
    public static Command Create()
    {
        var command = new Verb("network", "Show and change what the machine may reach, and see what it tried")
        {
            Examples = ["dotnet machine network log", "dotnet machine network allow api.example.com", "dotnet machine network check api.example.com:443"],
        };
        command.Add(CreateShow());
        command.Add(CreateCheck());
        command.Add(NetworkEdits.CreateAdd("allow", "Let the machine reach a server", allows: true));
        command.Add(NetworkEdits.CreateAdd("deny", "Keep the machine from a server, whoever allows it", allows: false));
        command.Add(NetworkEdits.CreateRemove());
        command.Add(LearnCommand.Create());
        command.Add(CreateLog());
        return command;
    }

    private static Verb CreateShow()
    {
        var json = CommonOptions.Json();
        var command = new Verb("show", "List the rules: the project's, yours, and those until the machine stops") { json };
        command.SetAction(parsed => Show(MachineNetwork.Show(OpenedProject.Here()), parsed.GetValue(json)));
        return command;
    }

    private static Verb CreateCheck()
    {
        var json = CommonOptions.Json();
        var server = new Argument<string>("NAME[:PORT]") { Description = "The server; without a port 443" };
        var command = new Verb("check", "Say whether the machine may reach a server, and why") { Examples = ["dotnet machine network check api.example.com"] };
        command.Add(server);
        command.Add(json);
        command.SetAction(async (parsed, cancel) =>
        {
            var check = await MachineNetwork.CheckAsync(OpenedProject.Here(), parsed.GetRequiredValue(server), cancel);
            if (parsed.GetValue(json))
            {
                Say.Json(check);
            }
            else
            {
                Say.Result(check.Allowed ? $"allowed by {check.Rule}{(check.Addresses.Count > 0 ? $": {string.Join(", ", check.Addresses)}" : "")}" : "denied");
                if (check.Reason is { } reason)
                {
                    Say.Aside(WithoutName(reason));
                }
            }

            return check.Allowed ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static Verb CreateLog()
    {
        var json = CommonOptions.Json();
        var denied = new Option<bool>("--denied") { Description = "Only what was not let through" };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last", DefaultValueFactory = _ => 40, HelpName = "N" };
        var command = new Verb("log", "List the connections that programs inside asked for, who asked, and what became of them")
        {
            Examples = ["dotnet machine network log", "dotnet machine network log --denied --json"],
        };
        command.Add(denied);
        command.Add(lines);
        command.Add(json);
        command.SetAction(parsed => Log(parsed.GetValue(denied), Math.Max(0, parsed.GetValue(lines)), parsed.GetValue(json)));
        return command;
    }

    private static int Show(IReadOnlyList<NetworkRuleReport> rules, bool json)
    {
        if (json)
        {
            Say.Json(rules);
            return ExitCode.Ok;
        }

        if (rules.Count == 0)
        {
            Say.Aside("no rule: the machine reaches the package feed, and the servers of its secrets; dotnet machine network allow NAME changes that");
            return ExitCode.Ok;
        }

        var table = new ReportTable("RULE", "", "FROM", "");
        foreach (var rule in rules)
        {
            table.Add(
                rule.Rule,
                rule.Allows ? "allowed" : "denied",
                rule.From.ToString().ToLowerInvariant(),
                !rule.Written ? "until the changed Machinefile is approved: dotnet machine start" : rule.InForce ? "" : "not approved yet: dotnet machine start");
        }

        table.Print();
        return ExitCode.Ok;
    }

    private static int Log(bool denied, int lines, bool json)
    {
        var entries = MachineNetwork.Log(OpenedProject.Here()).Where(entry => !denied || entry.End is EgressEnd.Denied or EgressEnd.Failed).TakeLast(lines).ToList();
        if (json)
        {
            Say.Json(entries);
            return ExitCode.Ok;
        }

        if (entries.Count == 0)
        {
            Say.Aside("no connection was asked for yet");
            return ExitCode.Ok;
        }

        var table = new ReportTable("TIME", "", "SERVER", "WHO", "WHY");
        foreach (var entry in entries.Where(entry => entry.End != EgressEnd.Closed))
        {
            table.Add(
                entry.Time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                entry.End.ToString().ToLowerInvariant(),
                string.Create(CultureInfo.InvariantCulture, $"{Tainted.Line(entry.Server)}:{entry.Port}"),
                entry.Asker is { } asker ? string.Create(CultureInfo.InvariantCulture, $"{asker.ProcessId} {Tainted.Line(asker.Program)}") : entry.Request ?? "-",
                entry.Reason is { } reason ? WithoutName(Tainted.Line(reason)) : entry.Rule ?? "-");
        }

        table.Print();
        return ExitCode.Ok;
    }

    private static string WithoutName(string reason) => reason.StartsWith("machine: ", StringComparison.Ordinal) ? reason["machine: ".Length..] : reason;
}
