using System.Text;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>Whoever comes to hear what a client tells its supervisor hears nothing that was not meant for the guest.</summary>
public sealed class SentVariablesAttacks : IDisposable
{
    private readonly ToolProcess tool = new();

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData("", false)]
    [InlineData("env: { OTHER: }", false)]
    [InlineData("env: { THE_SECRET: }", true)]
    [InlineData("", true, "-e", "THE_SECRET")]
    [InlineData("", false, "-e", "THE_SECRET_ELSE")]
    public async Task A_variable_that_nobody_asked_for_does_not_leave_the_clients_process(string machinefile, bool sent, params string[] options)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the socket's folder is computed for Unix");
        tool.Write("project/Machinefile", machinefile);
        var folders = new ProjectMachine(MachinePaths.At(tool.Home), new ProjectRoot(ProjectRoot.RealPath(tool.Project))).Create();
        var heard = new TaskCompletionSource<string>();
        await using var supervisor = ServiceHost.Create(folders.ControlSocket, NullLoggerFactory.Instance, _ => { });
        supervisor.MapPost("/v1/exec", async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            heard.TrySetResult(Encoding.UTF8.GetString(body.ToArray()));
            await http.Response.Body.WriteAsync(new ControlEvent { Failure = new ControlFailure("heard", null, 77) }.ToFields().Written.ToArray());
        });
        await supervisor.StartAsync(TestContext.Current.CancellationToken);

        var outcome = await tool.RunAsync(
            new Dictionary<string, string>
            {
                ["XDG_RUNTIME_DIR"] = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "",
                ["THE_SECRET"] = "canary-of-the-victim",
                ["COLORTERM"] = "passed-by-name",
            },
            ["exec", .. options, "true"]);

        outcome.ExitCode.ShouldBe(77, outcome.ToString());
        var order = await heard.Task;
        order.ShouldContain("passed-by-name");
        order.Contains("canary-of-the-victim", StringComparison.Ordinal).ShouldBe(sent);
        Directory.Delete(Path.GetDirectoryName(folders.Runtime)!, recursive: true);
    }
}
