using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands;

/// <summary><c>init</c>: the project's first Machinefile, and what makes plain <c>dotnet</c> run inside. Safe to run again.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var noShim = new Option<bool>("--no-shim") { Description = "Leave global.json and MSBuild's files alone: only dotnet machine VERB runs inside" };
        var command = new Verb("init", "Write a Machinefile that fits this project, and make plain dotnet run inside; what is there is never overwritten")
        {
            Examples = ["dotnet-machine init", "dotnet-machine init --no-shim"],
        };
        command.Add(noShim);
        command.SetAction(parsed => Init(Environment.CurrentDirectory, parsed.GetValue(noShim)));
        return command;
    }

    private static int Init(string folder, bool noShim)
    {
        var project = new ProjectRoot(ProjectRoot.RealPath(folder));
        ProjectFolderRule.Require(project, HostFacts.Current());
        var above = Path.GetDirectoryName(project.Path) is { } parent ? ProjectRoot.TryFind(parent) : null;
        var found = Found(ProjectSurvey.Of(project.Path)).ToList();

        // First: what the Machinefile says about global.json is to be true of the one that is there afterwards.
        var written = noShim ? [] : new ProjectEnclosure(project, MachinePaths.FromEnvironment()).Create();
        if (File.Exists(project.Machinefile))
        {
            Say.Aside($"there is already a {project.Machinefile}; it stays as it is");
        }
        else
        {
            Say.Result(MachinefileWriter.Init(folder));
            found.ForEach(what => Say.Aside($"found {what}"));
        }

        if (written.Count > 0)
        {
            Say.Aside($"wrote {string.Join(", ", written)}: dotnet in this folder runs inside, and MSBuild on the host is stopped (dotnet machine docs transparent-dotnet)");
        }

        if (above is not null)
        {
            Say.Aside($"this folder now has a machine of its own, apart from the one of {above.Path}");
        }

        Say.Aside($"next: dotnet {(noShim ? "machine " : "")}build   (or any dotnet verb; the first start builds the image, which takes minutes)");
        return ExitCode.Ok;
    }

    internal static IEnumerable<string> Found(ProjectSurvey survey)
    {
        if (survey.GlobalJsonSdk is { } sdk)
        {
            yield return $"SDK {sdk} in global.json";
        }
        else if (survey.HasGlobalJson)
        {
            yield return "a global.json without an exact SDK version: the newest of this host is used";
        }

        if (survey.HasGit)
        {
            yield return "a git repository: git is installed inside";
        }

        if (survey.HasNode)
        {
            yield return "a package.json: nodejs and npm are installed inside";
        }

        if (survey.Ports.Count > 0)
        {
            yield return $"{(survey.Ports.Count == 1 ? "port" : "ports")} {string.Join(", ", survey.Ports)} in launchSettings.json: reachable on this host's loopback once you approve it";
        }
    }
}
