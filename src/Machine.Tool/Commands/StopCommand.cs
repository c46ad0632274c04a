using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>stop</c>: the root disk is forgotten; volumes and held changes stay.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Every machine of this host" };
        var command = new Verb("stop", "Stop the project's machine; volumes and held changes stay")
        {
            Examples = ["dotnet machine stop", "dotnet machine stop --all"],
        };
        command.Aliases.Add("down");
        command.Add(all);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(all), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool all, CancellationToken cancel)
    {
        var paths = MachinePaths.FromEnvironment();
        ProjectRoot[] projects = all
            ? [.. KnownMachines.All(paths).Select(machine => machine.Project).OfType<ProjectRoot>()]
            : [ProjectRoot.Find(Environment.CurrentDirectory)];
        var stopped = await Task.WhenAll(projects.Select(project => StopAsync(paths, project, cancel)));
        foreach (var (project, ran) in projects.Zip(stopped))
        {
            if (ran || !all)
            {
                Say.Result(ran ? $"{project.MachineId} is stopped" : $"{project.MachineId} was not running");
            }
        }

        if (all && !stopped.Contains(true))
        {
            Say.Result("no machine was running");
        }

        return ExitCode.Ok;
    }

    private static async Task<bool> StopAsync(MachinePaths paths, ProjectRoot project, CancellationToken cancel)
    {
        var client = SupervisorClient.For(paths, project);
        return await client.StopAsync(cancel);
    }
}
