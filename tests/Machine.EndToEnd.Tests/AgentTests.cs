using System.Net;
using System.Security.Cryptography.X509Certificates;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Tests.Doors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Machine.EndToEnd.Tests;

/// <summary>The machine that `dotnet new machine --agent` describes, with a stand-in of the model behind an internet of the test.</summary>
public sealed class AgentTests
{
    private const string Key = "sk-canary-7d20c5";
    private const string Model = "model.example.com";

    /// <summary>As the template writes it, without an SDK.</summary>
    public static string Machinefile { get; } = File.ReadAllText(Path.Combine(ProjectFolder.Samples, "../templates/content/machine/Machinefile.agent"))
        .Replace("MACHINE_IMAGE", "debian/12", StringComparison.Ordinal)
        .Replace("MACHINE_PORTS", "", StringComparison.Ordinal)
        .Replace("sdk: global.json", "sdk: none", StringComparison.Ordinal);

    [Fact]
    public async Task An_agent_asks_its_model_and_has_no_key()
    {
        Slow.SkipUnlessAsked();
        Internet.SkipWhereThereIsNone();
        await using var internet = await Internet.MakeAsync((Model, Internet.Server));
        using var certificate = TestCertificate.For(Model);
        var got = new List<(string Path, string? Key, string Body)>();
        await using var model = await ServeAsync(internet, certificate, got);
        var trusted = ProjectFolder.Trusting(certificate);
        await using var project = new ProjectFolder("agent", Machinefile.Replace("api.anthropic.com", Model, StringComparison.Ordinal))
        {
            Within = [.. internet.Within, "env", $"SSL_CERT_FILE={trusted}", $"ANTHROPIC_API_KEY={Key}"],
        };
        // From packages, which are outside.
        await ProjectFolder.BuildImageAsync(Machinefile[..Machinefile.IndexOf("network:", StringComparison.Ordinal)], trusted, minutes: 40);
        (await ToolRun.RunAsync(project.Path, ["start", "--approve"], minutes: 20, within: project.Within)).ShouldSucceed();

        var version = await ToolRun.RunAsync(project.Path, ["exec", "--", "claude", "--version"], minutes: 20, within: project.Within);
        var answer = await ToolRun.RunAsync(project.Path, ["exec", "--", "claude", "-p", "say hello"], minutes: 30, within: project.Within);
        var inside = await project.RootAsync("env; cat /proc/[0-9]*/environ | tr '\\0' '\\n'");
        (await project.RunAsync("suspend")).ShouldSucceed();

        version.ShouldSucceed().Output.ShouldContain("Claude Code");
        answer.ShouldSucceed().Output.ShouldContain("hello from the stand-in");
        got.Where(request => request.Path == "/v1/messages").ShouldNotBeEmpty();
        got.ShouldAllBe(request => request.Key == Key);
        inside.ShouldSucceed().Output.ShouldNotContain(Key);
        var folder = new ProjectMachine(MachinePaths.FromEnvironment(), new ProjectRoot(project.Path)).State;
        (await project.HostAsync("sh", "-c", $"grep -rlaF {Key} '{folder}'; echo searched")).ShouldBe("searched\n");
        (await project.RunAsync("network", "log", "--json")).ShouldSucceed().Output.ShouldContain("\"tokens\": 33");
    }

    private static async Task<WebApplication> ServeAsync(Internet internet, X509Certificate2 certificate, List<(string Path, string? Key, string Body)> got)
    {
        var socket = internet.Listen(443);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenHandle((ulong)socket.Handle, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync(context.RequestAborted);
            lock (got)
            {
                got.Add((context.Request.Path, context.Request.Headers["x-api-key"], body));
            }

            if (context.Request.Path != "/v1/messages")
            {
                context.Response.StatusCode = (int)HttpStatusCode.NotFound;
                return;
            }

            const string Message = """{"id":"msg_1","type":"message","role":"assistant","model":"stand-in","content":[CONTENT],"stop_reason":STOP,"stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":OUT}}""";
            const string Text = "hello from the stand-in";
            if (!body.Contains("\"stream\":true", StringComparison.Ordinal))
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(
                    Message.Replace("CONTENT", $$"""{"type":"text","text":"{{Text}}"}""", StringComparison.Ordinal).Replace("STOP", "\"end_turn\"", StringComparison.Ordinal).Replace("OUT", "3", StringComparison.Ordinal));
                return;
            }

            context.Response.ContentType = "text/event-stream";
            foreach (var (name, data) in new[]
            {
                ("message_start", """{"type":"message_start","message":MESSAGE}""".Replace("MESSAGE", Message.Replace("CONTENT", "", StringComparison.Ordinal).Replace("STOP", "null", StringComparison.Ordinal).Replace("OUT", "1", StringComparison.Ordinal), StringComparison.Ordinal)),
                ("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
                ("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"TEXT"}}""".Replace("TEXT", Text, StringComparison.Ordinal)),
                ("content_block_stop", """{"type":"content_block_stop","index":0}"""),
                ("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"""),
                ("message_stop", """{"type":"message_stop"}"""),
            })
            {
                await context.Response.WriteAsync($"event: {name}\ndata: {data}\n\n");
            }
        });
        await app.StartAsync();
        return app;
    }
}
