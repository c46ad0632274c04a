using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>status</c>: what the project's machine is and does.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Verb("status", "Show the project's machine")
        {
            Examples = ["dotnet machine status", "dotnet machine status --json"],
        };
        command.Add(json);
        command.SetAction((parsed, cancel) => Task.FromResult(Show(parsed.GetValue(json), cancel)));
        return command;
    }

    private static int Show(bool json, CancellationToken cancel)
    {
        var report = StatusReport.Of(MachinePaths.FromEnvironment(), ProjectRoot.Find(Environment.CurrentDirectory), cancel);
        if (json)
        {
            Say.Json(report.ToJson());
            return ExitCode.Ok;
        }

        foreach (var (name, text) in report.Lines(DateTimeOffset.UtcNow))
        {
            Say.Result($"{name,-12}{text}");
        }

        return ExitCode.Ok;
    }
}
