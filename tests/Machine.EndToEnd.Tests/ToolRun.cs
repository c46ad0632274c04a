using System.Diagnostics;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.EndToEnd.Tests;

/// <summary>What one run of the real tool did.</summary>
public sealed record ToolResult(int ExitCode, byte[] OutputBytes, string Error)
{
    public string Output { get; } = Encoding.UTF8.GetString(OutputBytes);

    /// <summary>For a failed assertion: everything the tool said.</summary>
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";

    public ToolResult ShouldSucceed()
    {
        ExitCode.ShouldBe(0, ToString());
        return this;
    }
}

/// <summary>Runs the tool as a user does: as a process, in a folder.</summary>
public static class ToolRun
{
    /// <summary>The tool's own executable, built beside the tests.</summary>
    public static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "dotnet-machine.exe" : "dotnet-machine");

    /// <param name="within">A program, with its arguments, that runs the tool somewhere else.</param>
    public static Process Start(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, IReadOnlyList<string>? within = null)
    {
        string[] line = [.. within ?? [], Program, .. arguments];
        var start = new ProcessStartInfo(line[0])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in line[1..])
        {
            start.ArgumentList.Add(argument);
        }

        // A template made beside the tests would only slow them down; the one that they use is made first.
        start.Environment["MACHINE_WARM"] = "never";
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs to the end. Fails the test after <paramref name="minutes"/>.</summary>
    public static async Task<ToolResult> RunAsync(
        string folder, IEnumerable<string> arguments, byte[]? input = null, IReadOnlyDictionary<string, string?>? environment = null, double minutes = 20, IReadOnlyList<string>? within = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeLimit.Minutes(minutes));
        var list = arguments.ToList();
        using var process = Start(folder, list, environment, within);
        try
        {
            using var output = new MemoryStream();
            var reading = process.StandardOutput.BaseStream.CopyToAsync(output, limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            if (input is not null)
            {
                await process.StandardInput.BaseStream.WriteAsync(input, limit.Token);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            await reading;
            return new ToolResult(process.ExitCode, output.ToArray(), await error);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet-machine {string.Join(' ', list)} did not end within {minutes} minutes");
        }
    }
}
