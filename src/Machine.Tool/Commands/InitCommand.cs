using System.CommandLine;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands;

/// <summary><c>init</c>: writes the project's first Machinefile. One that is there is never touched.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Verb("init", "Write a Machinefile that fits this project; one that is there is never overwritten")
        {
            Examples = ["dotnet-machine init"],
        };
        command.SetAction(_ => Init(Environment.CurrentDirectory));
        return command;
    }

    private static int Init(string folder)
    {
        var above = ProjectRoot.TryFind(folder);
        var path = MachinefileWriter.Init(folder);
        Say.Result(path);
        foreach (var found in Found(ProjectSurvey.Of(Path.GetDirectoryName(path)!)))
        {
            Say.Aside($"found {found}");
        }

        if (above is not null)
        {
            Say.Aside($"this folder now has a machine of its own, apart from the one of {above.Path}");
        }

        Say.Aside("next: dotnet machine build   (or any dotnet verb; the first start builds the image, which takes minutes)");
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
