using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>logs</c>: what the supervisor, the engine and the guest's console wrote.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on showing what is written, until Ctrl+C" };
        var supervisor = new Option<bool>("--supervisor") { Description = "Only the process that owns the machine" };
        var console = new Option<bool>("--console") { Description = "Only what the guest wrote on its console" };
        var engine = new Option<bool>("--engine") { Description = "Only what the engine's program said" };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last lines", DefaultValueFactory = _ => 40, HelpName = "N" };
        var command = new Verb("logs", "Show the logs of the project's machine")
        {
            Examples = ["dotnet machine logs", "dotnet machine logs --console --lines 200", "dotnet machine logs --follow"],
        };
        foreach (var option in (Option[])[follow, supervisor, console, engine, lines])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancel) =>
        {
            var folders = new ProjectMachine(MachinePaths.FromEnvironment(), ProjectRoot.Find(Environment.CurrentDirectory));
            var all = !(parsed.GetValue(supervisor) || parsed.GetValue(console) || parsed.GetValue(engine));
            var files = Files(folders.Logs, all || parsed.GetValue(supervisor), all || parsed.GetValue(console), all || parsed.GetValue(engine));
            return ShowAsync(files, Math.Max(0, parsed.GetValue(lines)), parsed.GetValue(follow), cancel);
        });
        return command;
    }

    // The engine names its own log; whatever is neither of the two others is it.
    private static List<LogFile> Files(string folder, bool supervisor, bool console, bool engine)
    {
        const string Supervisor = "supervisor", Console = "console";
        var others = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.log").Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => name is not (Supervisor or Console)).Order(StringComparer.Ordinal)
            : Enumerable.Empty<string>();
        string[] names = [.. supervisor ? [Supervisor] : Array.Empty<string>(), .. engine ? others : [], .. console ? [Console] : Array.Empty<string>()];
        return [.. names.Select(name => new LogFile(name, Path.Combine(folder, name + ".log")))];
    }

    private static async Task<int> ShowAsync(List<LogFile> files, int lines, bool follow, CancellationToken cancel)
    {
        if (!follow && !files.Exists(file => file.Exists))
        {
            Say.Aside("there are no logs yet");
            return ExitCode.Ok;
        }

        LogFile? shown = null;
        files.ForEach(file => Show(file, file.Last(lines)));
        while (follow)
        {
            await Task.Delay(Poll, cancel);
            files.ForEach(file => Show(file, file.Next()));
        }

        return ExitCode.Ok;

        void Show(LogFile file, IReadOnlyList<string> text)
        {
            if (text.Count > 0 && files.Count > 1 && shown != file)
            {
                Say.Result($"==> {file.Name} <==");
                shown = file;
            }

            foreach (var line in text)
            {
                Say.Result(line);
            }
        }
    }
}
