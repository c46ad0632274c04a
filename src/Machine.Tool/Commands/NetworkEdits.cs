using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>The verbs of <c>network</c> that change the rules.</summary>
internal static class NetworkEdits
{
    public static Verb CreateAdd(string name, string description, bool allows)
    {
        var isPrivate = new Option<bool>("--private") { Description = "It may have an address of a private network" };
        return CreateEdit(
            name,
            description,
            [$"dotnet machine network {name} api.example.com", $"dotnet machine network {name} db.example.com:5432 --once"],
            allows ? isPrivate : null,
            async (project, parsed, rule, reach, cancel) =>
            {
                var entry = new NetworkEntry(rule, allows && parsed.GetValue(isPrivate));
                var inForce = await MachineNetwork.AddAsync(project, entry, allows, reach, cancel);
                return ([new NetworkEdit(rule, allows, reach, inForce)], allows && MachineNetwork.IsDenied(project, entry) ? "a rule denies it all the same: dotnet machine network show" : null);
            },
            edit => edit.Allows ? "is allowed" : "is denied");
    }

    public static Verb CreateRemove()
    {
        var command = CreateEdit(
            "remove",
            "Take a rule out: what was allowed or denied by it no longer is",
            ["dotnet machine network remove api.example.com", "dotnet machine network remove telemetry.example.org --personal"],
            option: null,
            async (project, _, rule, reach, cancel) =>
            {
                var gone = await RuleRemoval.RemoveAsync(project, rule, reach, cancel);
                return (gone, gone.Any(one => one.Allows) && MachineNetwork.Allowing(project, rule) is { } still ? $"the rule {still} allows it all the same: dotnet machine network show" : null);
            },
            edit => edit.Allows ? "is no longer allowed" : "is no longer denied");
        command.Aliases.Add("rm");
        return command;
    }

    /// <param name="edit">Tells what was done, and a word of warning.</param>
    /// <param name="says">What became of one rule.</param>
    private static Verb CreateEdit(
        string name,
        string description,
        IReadOnlyList<string> examples,
        Option<bool>? option,
        Func<OpenedProject, ParseResult, string, RuleReach, CancellationToken, Task<(IReadOnlyList<NetworkEdit> Done, string? Warning)>> edit,
        Func<NetworkEdit, string> says)
    {
        var rule = new Argument<string>("SERVER") { Description = "api.example.com, \"*.example.com\", db.example.com:5432, git:git.example.com/acme/shop, or a preset" };
        var personal = new Option<bool>("--personal") { Description = "For your machines of all projects, outside the Machinefile" };
        var once = new Option<bool>("--once") { Description = "For this machine, until it stops" };
        var json = CommonOptions.Json();
        var command = new Verb(name, description) { Examples = examples };
        command.Add(rule);
        command.Add(personal);
        command.Add(once);
        if (option is not null)
        {
            command.Add(option);
        }

        command.Add(json);
        command.Validators.Add(result =>
        {
            if (result.GetValue(personal) && result.GetValue(once))
            {
                result.AddError("--personal stays and --once goes: give one of them");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var project = OpenedProject.Here();
            var reach = parsed.GetValue(personal) ? RuleReach.Personal : parsed.GetValue(once) ? RuleReach.Once : RuleReach.Project;
            var (done, warning) = await edit(project, parsed, parsed.GetRequiredValue(rule), reach, cancel);
            if (parsed.GetValue(json))
            {
                Say.Json(done);
            }
            else
            {
                foreach (var one in done)
                {
                    Say.Result($"{Tainted.Line(one.Rule)} {says(one)} {Place(project, reach)}");
                }
            }

            if (warning is not null)
            {
                Say.Aside(warning);
            }

            if (!done.All(one => one.InForce))
            {
                Say.Aside("the Machinefile asks for more than that, which nobody approved yet: dotnet machine start   (shows what, and asks)");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static string Place(OpenedProject project, RuleReach reach) => reach switch
    {
        RuleReach.Project => $"in {Tainted.Line(project.Project.Machinefile, int.MaxValue)}",
        RuleReach.Personal => "for your machines of all projects",
        _ => "until the machine stops",
    };
}
