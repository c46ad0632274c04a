using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CliWrap;

namespace Machine.Tool.Hosting;

/// <summary>What a program that was run to its end said; of what is longer than <see cref="BoundedText.MostHead"/> the middle is left out.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>Runs programs of this host (ssh, ssh-keygen, mmdebstrap), each told to <see cref="ProgramTrace"/>. On Linux, QEMU's own are started behind walls, by <c>ConfinedProcess</c>.</summary>
internal static class HostProgram
{
    private const int KeptLines = 400;

    private static readonly UTF8Encoding Text = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>A folder in which no project has a say: what runs there reads no file of one.</summary>
    public static string OutsideOfProjects { get; } = Path.GetPathRoot(Environment.SystemDirectory) is { Length: > 0 } root ? root : "/";

    /// <summary>The program's path, or null when it is not installed. Looks in PATH and in the sbin folders that users lack.</summary>
    public static string? Find(string name)
    {
        var folders = SearchPath.Folders(Environment.GetEnvironmentVariable("PATH") ?? "");
        string[] names = OperatingSystem.IsWindows() ? [name + ".exe", name] : [name];
        return folders.Concat(OperatingSystem.IsWindows() ? [] : ["/usr/sbin", "/sbin", "/opt/homebrew/bin"])
            .SelectMany(folder => names.Select(file => Path.Combine(folder, file)))
            .FirstOrDefault(File.Exists);
    }

    /// <exception cref="MachineException">The program is not installed.</exception>
    public static string Require(string name, string package) =>
        Find(name) ?? throw new MachineException(
            $"{name} is not installed", $"install it: {InstallHint(package)}, or run: dotnet-machine doctor --fix", ExitCode.MachineUnavailable);

    /// <summary>The path of a program that may be given by its bare name. Every start here goes through it.</summary>
    /// <exception cref="MachineException">The program is not installed.</exception>
    public static string Resolve(string program) => Path.IsPathFullyQualified(program) ? program : Require(program, program);

    /// <summary>Runs a program to its end and returns whatever its exit code; cancellation kills it and what it started.</summary>
    /// <param name="folder">Where the program runs; null for the folder one stands in.</param>
    /// <param name="variables">Set beside this process's own.</param>
    /// <exception cref="MachineException">The program could not be started.</exception>
    public static async Task<ProgramResult> TryRunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancel, string? input = null, string? folder = null, IReadOnlyDictionary<string, string?>? variables = null)
    {
        string output = "", error = "";
        var code = await RunAsync(
            Command(program, arguments, folder)
                .WithEnvironmentVariables(variables ?? new Dictionary<string, string?>())
                .WithStandardInputPipe(PipeSource.FromString(input ?? "", Text))
                // Both are read while the program runs, and not all of it is kept: a guest's sshd is such a program.
                .WithStandardOutputPipe(PipeTarget.Create(async (stream, stop) => output = await BoundedText.ReadAsync(new StreamReader(stream, Text), stop)))
                .WithStandardErrorPipe(PipeTarget.Create(async (stream, stop) => error = await BoundedText.ReadAsync(new StreamReader(stream, Text), stop))),
            cancel);
        return new ProgramResult(code, output, error);
    }

    /// <summary>Runs a program to its end and returns its output.</summary>
    /// <exception cref="MachineException">The program exited non-zero; the message carries its own last lines.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancel, string? input = null)
    {
        var list = arguments.ToList();
        var result = await TryRunAsync(program, list, cancel, input);
        return result.ExitCode == 0
            ? result.Output
            : throw new MachineException(
                $"{Path.GetFileName(program)} {string.Join(' ', list)} failed with exit code {result.ExitCode}:\n{LastLines(result.Error.Length > 0 ? result.Error : result.Output, 12)}",
                exitCode: Hosting.ExitCode.MachineUnavailable);
    }

    /// <summary>Runs a long program until it and all who hold its streams have ended, and hands on its lines while they come; cancellation kills it and what it started.</summary>
    /// <param name="input">Written to stdin, which is then closed; null keeps stdin open until the program ends, so that it can tell that this process has gone.</param>
    /// <param name="line">Gets each line of both streams, one at a time.</param>
    /// <returns>The exit code, and the last lines of both streams together as <see cref="ProgramResult.Output"/>.</returns>
    public static async Task<ProgramResult> StreamAsync(string program, IEnumerable<string> arguments, string? input, Action<string> line, CancellationToken cancel)
    {
        var tail = new Queue<string>();
        var lines = PipeTarget.Create(async (stream, stop) =>
        {
            await foreach (var text in BoundedText.LinesAsync(new StreamReader(stream, Text), stop))
            {
                lock (tail)
                {
                    tail.Enqueue(text);
                    if (tail.Count > KeptLines)
                    {
                        tail.Dequeue();
                    }

                    line(text);
                }
            }
        });
        var code = await RunAsync(
            Command(program, arguments, folder: null)
                .WithStandardInputPipe(input is null ? PipeSource.Create((_, stop) => Task.Delay(Timeout.Infinite, stop)) : PipeSource.FromString(input, Text))
                .WithStandardOutputPipe(lines)
                .WithStandardErrorPipe(lines),
            cancel);
        return new ProgramResult(code, string.Join('\n', tail), "");
    }

    /// <summary>Starts a program whose streams the caller keeps: a terminal's own, or pipes of bytes.</summary>
    /// <param name="configure">Sets streams, folder and variables.</param>
    /// <exception cref="MachineException">The program could not be started.</exception>
    public static Process Start(string program, IEnumerable<string> arguments, Action<ProcessStartInfo>? configure = null)
    {
        var start = new ProcessStartInfo(Resolve(program), arguments) { UseShellExecute = false };
        configure?.Invoke(start);
        ProgramTrace.Started(start.FileName, start.ArgumentList.Count > 0 ? start.ArgumentList : [start.Arguments]);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw NotStarted(start.FileName, e);
        }
    }

    public static string LastLines(string text, int count) =>
        string.Join('\n', text.TrimEnd().Split('\n').TakeLast(count).Select(line => "  " + line.TrimEnd()));

    public static string InstallHint(string package) =>
        OperatingSystem.IsMacOS() ? $"brew install {package}"
        : OperatingSystem.IsWindows() ? $"winget install {package}"
        : $"apt-get install {package}";

    // .NET looks for a bare name in the folder one stands in, too, where a repository may have put its own.
    private static Command Command(string program, IEnumerable<string> arguments, string? folder)
    {
        // Not Cli.Wrap, which asks for the current folder: that may be gone, or not this user's to enter.
        var command = new Command(
            Resolve(program), "", folder ?? "", ResourcePolicy.Default, Credentials.Default, new Dictionary<string, string?>(), CommandResultValidation.None,
            PipeSource.Null, PipeTarget.Null, PipeTarget.Null);
        return command.WithArguments(arguments);
    }

    private static async Task<int> RunAsync(Command command, CancellationToken cancel)
    {
        try
        {
            var result = await command.ExecuteAsync(cancel);
            ProgramTrace.Ended(command.TargetFilePath, command.Arguments, result.ExitCode, result.RunTime);
            return result.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw NotStarted(command.TargetFilePath, e);
        }
        catch (TimeoutException e) when (cancel.IsCancellationRequested)
        {
            // Killed, and on a busy host not yet gone.
            throw new OperationCanceledException(e.Message, e, cancel);
        }
    }

    private static MachineException NotStarted(string program, Win32Exception e) =>
        new($"{program} could not be started: {(e.InnerException ?? e).Message}", exitCode: Hosting.ExitCode.MachineUnavailable);
}
