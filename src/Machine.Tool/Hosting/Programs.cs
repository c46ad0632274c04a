using Medallion.Shell;

namespace Machine.Tool.Hosting;

/// <summary>What a program that was run to its end said; of what is longer than <see cref="BoundedText.MostHead"/> the middle is left out.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Error);

/// <summary>Runs system programs (qemu-img, ssh-keygen, mmdebstrap) and captures what they say.</summary>
internal static class Programs
{
    /// <summary>The program's path, or null when it is not installed. Looks in PATH and in the sbin folders that users lack.</summary>
    public static string? Find(string name)
    {
        var folders = SearchPath.Folders(Environment.GetEnvironmentVariable("PATH") ?? "");
        string[] names = OperatingSystem.IsWindows() ? [name + ".exe", name] : [name];
        return folders.Concat(OperatingSystem.IsWindows() ? [] : ["/usr/sbin", "/sbin", "/opt/homebrew/bin"])
            .SelectMany(folder => names.Select(file => Path.Combine(folder, file)))
            .FirstOrDefault(File.Exists);
    }

    /// <exception cref="MachineException">It is not installed.</exception>
    public static string Require(string name, string package) =>
        Find(name) ?? throw new MachineException(
            $"{name} is not installed", $"install it: {InstallHint(package)}, or run: dotnet-machine doctor --fix", ExitCode.MachineUnavailable);

    /// <summary>The path of a program that may be given by its bare name. Every start goes through this.</summary>
    /// <exception cref="MachineException">It is not installed.</exception>
    public static string Resolve(string program) => Path.IsPathFullyQualified(program) ? program : Require(program, program);

    /// <summary>Runs to the end and returns whatever the exit code; cancellation kills it.</summary>
    public static async Task<ProgramResult> TryRunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancel, string? input = null, Action<Shell.Options>? options = null)
    {
        // .NET looks for a bare name in the folder one stands in, too, where a repository may have put its own.
        var command = Command.Run(Resolve(program), arguments, o =>
        {
            o.ThrowOnError(false).CancellationToken(cancel).DisposeOnExit(true);
            options?.Invoke(o);
        });
        // Read while it runs, and not all of it kept: a guest's sshd is such a program.
        var output = BoundedText.ReadAsync(command.StandardOutput, cancel);
        var error = BoundedText.ReadAsync(command.StandardError, cancel);
        if (input is not null)
        {
            await command.StandardInput.WriteAsync(input);
        }

        command.StandardInput.Close();
        var result = await command.Task;
        return new ProgramResult(result.ExitCode, await output, await error);
    }

    /// <summary>Runs to the end and returns its output.</summary>
    /// <exception cref="MachineException">It exited non-zero; the message carries its own last lines.</exception>
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

    public static string LastLines(string text, int count) =>
        string.Join('\n', text.TrimEnd().Split('\n').TakeLast(count).Select(line => "  " + line.TrimEnd()));

    public static string InstallHint(string package) =>
        OperatingSystem.IsMacOS() ? $"brew install {package}"
        : OperatingSystem.IsWindows() ? $"winget install {package}"
        : $"apt-get install {package}";
}
