using System.Diagnostics;
using System.Reflection;

namespace Machine.Templates.Tests;

/// <summary>The packed templates, installed into a folder of their own: the user's <c>dotnet new</c> is not touched.</summary>
public sealed class TemplateHive : IAsyncLifetime
{
    private readonly string top = Directory.CreateTempSubdirectory("machine-templates-").FullName;
    private int projects;

    private string Hive => Path.Combine(top, "hive");

    public async ValueTask InitializeAsync()
    {
        var package = typeof(TemplateHive).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == "Package").Value!;
        (await RunAsync(top, "new", "install", package, "--debug:custom-hive", Hive)).ShouldBe(0, Said);
    }

    /// <summary>What the last command said.</summary>
    public string Said { get; private set; } = "";

    /// <summary>Makes a project named Demo and returns its folder. <c>dotnet new</c> has exited with 0.</summary>
    public Task<string> NewAsync(string template, params string[] options) => NewNamedAsync("Demo", template, options);

    /// <inheritdoc cref="NewAsync"/>
    public async Task<string> NewNamedAsync(string name, string template, params string[] options)
    {
        var folder = Directory.CreateDirectory(Path.Combine(top, $"p{++projects}", name)).FullName;
        (await RunAsync(folder, ["new", template, "-n", name, "-o", ".", "--debug:custom-hive", Hive, .. options])).ShouldBe(0, Said);
        return folder;
    }

    /// <summary><c>dotnet …</c> from above the folder, where its global.json is not in force: this test builds on the host on purpose.</summary>
    public Task<int> HostDotnetAsync(string folder, params string[] arguments) => RunAsync(Path.GetDirectoryName(folder)!, arguments);

    public ValueTask DisposeAsync()
    {
        Directory.Delete(top, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task<int> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // No build server outlives the tests.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(6));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Said = await output + await error;
        return process.ExitCode;
    }
}
