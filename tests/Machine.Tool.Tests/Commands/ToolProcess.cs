using System.Diagnostics;
using System.Text;

namespace Machine.Tool.Tests.Commands;

/// <summary>What one run of the real tool said.</summary>
public sealed record ToolOutcome(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>The tool as a user types it, in a folder and with state of its own; nothing here starts a machine.</summary>
public sealed class ToolProcess : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("machine-commands-").FullName;

    public ToolProcess()
    {
        Directory.CreateDirectory(Home);
        Directory.CreateDirectory(Project);
    }

    public string Home => Path.Combine(root, "home");

    public string Project => Path.Combine(root, "project");

    public static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "dotnet-machine.exe" : "dotnet-machine");

    public string Write(string relative, string content)
    {
        var path = Path.Combine(root, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public Task<ToolOutcome> RunAsync(params string[] arguments) => RunInAsync(Project, arguments);

    public Task<ToolOutcome> RunAsync(IReadOnlyDictionary<string, string> variables, params string[] arguments) => RunInAsync(Project, variables, arguments);

    public Task<ToolOutcome> RunInAsync(string folder, params string[] arguments) => RunInAsync(folder, new Dictionary<string, string>(), arguments);

    /// <summary>At a terminal: what it shows, of both streams, is the output.</summary>
    /// <param name="typed">After which output (empty: at once), which keys. What is typed before a question is dropped.</param>
    public Task<ToolOutcome> RunAtTerminalAsync(IReadOnlyDictionary<string, string> variables, (string After, string Keys)[] typed, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "needs util-linux's script, which makes a terminal");
        return RunAsync("/usr/bin/script", Project, variables, ["-qefc", $"'{Program}' {string.Join(' ', arguments)}", "/dev/null"], process => ConverseAsync(process, typed));
    }

    public Task<ToolOutcome> RunInAsync(string folder, IReadOnlyDictionary<string, string> variables, params string[] arguments) =>
        RunAsync(Program, folder, variables, arguments, process =>
        {
            process.StandardInput.Close();
            return process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        });

    private async Task<ToolOutcome> RunAsync(
        string program, string folder, IReadOnlyDictionary<string, string> variables, string[] arguments, Func<Process, Task<string>> converse)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        arguments.ToList().ForEach(start.ArgumentList.Add);
        start.Environment["MACHINE_HOME"] = Home;
        start.Environment["XDG_RUNTIME_DIR"] = "";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = converse(process);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ToolOutcome(process.ExitCode, await output, await error);
    }

    private static async Task<string> ConverseAsync(Process process, (string After, string Keys)[] typed)
    {
        var shown = new StringBuilder();
        var keys = new Queue<(string After, string Keys)>(typed);
        var buffer = new byte[4096];
        while (true)
        {
            while (keys.TryPeek(out var next) && shown.ToString().Contains(next.After, StringComparison.Ordinal))
            {
                keys.Dequeue();
                await process.StandardInput.WriteAsync(next.Keys);
                await process.StandardInput.FlushAsync();
            }

            if (await process.StandardOutput.BaseStream.ReadAsync(buffer, TestContext.Current.CancellationToken) is not (> 0 and var count))
            {
                return shown.ToString();
            }

            shown.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
