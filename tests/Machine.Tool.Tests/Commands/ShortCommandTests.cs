using System.Text;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Commands;

/// <summary>Commands that people wait for load no library that they do not use: each costs more than the command itself.</summary>
public sealed class ShortCommandTests : IDisposable
{
    private readonly ToolProcess tool = new();

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task Status_of_a_running_machine_loads_neither_a_web_nor_a_drawing_library()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the socket's folder is computed for Unix");
        tool.Write("project/Machinefile", "");
        var project = new ProjectRoot(ProjectRoot.RealPath(tool.Project));
        var folders = new ProjectMachine(MachinePaths.At(tool.Home), project).Create();
        await using var supervisor = ServiceHost.Create(folders.ControlSocket, NullLoggerFactory.Instance, _ => { });
        supervisor.MapGet("/v1/status", http => http.Response.WriteAsJsonAsync(
            new MachineStatus { Id = project.MachineId.Text, Project = project.Path, State = MachineState.Running, Version = "1", Engine = "qemu", Accelerator = "tcg" },
            ControlJson.Options, http.RequestAborted));
        await supervisor.StartAsync(TestContext.Current.CancellationToken);
        var trace = Path.Combine(tool.Home, "loads.nettrace");

        // The runtime's own record of what it loads, names in UTF-16.
        var status = await tool.RunAsync(
            new Dictionary<string, string>
            {
                // Where both look for the socket.
                ["XDG_RUNTIME_DIR"] = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "",
                ["DOTNET_EnableEventPipe"] = "1",
                ["DOTNET_EventPipeConfig"] = "Microsoft-Windows-DotNETRuntime:0x8:4",
                ["DOTNET_EventPipeOutputPath"] = trace,
            },
            "status");

        status.Output.ShouldContain("running");
        var loads = await File.ReadAllBytesAsync(trace, TestContext.Current.CancellationToken);
        string[] needless = ["System.Net.Http.dll", "Microsoft.AspNetCore.", "Spectre.Console.dll", "YamlDotNet.dll", "CliWrap.dll", "NuGet."];
        Loads(loads, "System.CommandLine.dll").ShouldBeTrue();
        needless.Where(name => Loads(loads, name)).ShouldBeEmpty();
        Directory.Delete(Path.GetDirectoryName(folders.Runtime)!, recursive: true);
    }

    private static bool Loads(byte[] trace, string name) => trace.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name)) >= 0;
}
