using Machine.Tool.Control;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>The requests that a client of this host's user may make. Long answers are one <see cref="ControlEvent"/> after another.</summary>
internal sealed class ControlApi(ProjectMachine folders, MachinePaths paths, MachineLifecycle lifecycle, ILogger logger)
{
    private readonly RunningCommands commands = new();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/status", http => http.Response.WriteAsJsonAsync(Status(), ControlJson.Options, http.RequestAborted));
        routes.MapGet("/v1/network", async http =>
        {
            // Empty where no machine runs yet: the files then say what it will obey.
            if (lifecycle.Running is { } running)
            {
                await http.Response.WriteAsJsonAsync(Network(running), ControlJson.Options, http.RequestAborted);
            }
        });
        routes.MapPost("/v1/exec", ExecAsync);
        routes.MapPost("/v1/done/{token}", async http =>
        {
            if (!commands.TryEnd((string)http.Request.RouteValues["token"]!, out var ordered))
            {
                // Another supervisor gave that lease, and was killed.
                http.Response.StatusCode = StatusCodes.Status404NotFound;
            }
            else if (ordered is not null && await ordered.EndAsync(http.Request.Query.ContainsKey("denied")) is { } end)
            {
                // Nothing to tell is an empty answer: the client then reads no JSON.
                await http.Response.WriteAsJsonAsync(end, ControlJson.Options);
            }
        });
        routes.MapPost("/v1/suspend", async http => await http.Response.WriteAsJsonAsync(new SuspendAnswer(await lifecycle.SuspendAsync()), ControlJson.Options));
        routes.MapPost("/v1/stop", async http =>
        {
            await lifecycle.StopAsync(CancellationToken.None);
            await http.Response.WriteAsJsonAsync(Status(), ControlJson.Options);
        });
    }

    private static NetworkAnswer Network(RunningMachine running)
    {
        var rules = running.Rules;
        return new NetworkAnswer(
            [
                .. rules.Entries(allows: true).Select(rule => new RuleInForce(rule.Rule, Allows: true, rule.Private)),
                .. rules.Entries(allows: false).Select(rule => new RuleInForce(rule.Rule, Allows: false, rule.Private)),
            ],
            rules.DeniesAll);
    }

    private MachineStatus Status()
    {
        var running = lifecycle.Running;
        return new MachineStatus
        {
            Id = folders.Id.Text,
            Project = folders.Project.Path,
            State = lifecycle.State,
            Version = ToolVersion.Current,
            SupervisorId = Environment.ProcessId,
            MachineProcessId = (running?.Machine as IHostedMachine)?.ProcessId,
            SshPort = running?.Machine.Ssh.Port,
            Engine = running?.Record.Engine,
            Accelerator = running?.Machine.Accelerator,
            ImageHash = running?.Record.ImageHash,
            Started = running?.Record.Started,
            MemoryBytes = running?.Machine.MemoryBytes,
            Commands = commands.Snapshot(),
            Ports = running?.Ports.Lines ?? [],
            DeniedConnections = running?.Denied ?? 0,
            Stale = Stale(running),
            Awake = lifecycle.Awake,
            Template = running?.Record.TemplateKey,
            MemoryLimitBytes = running?.Machinefile.MemoryBytes,
            Trouble = running?.Machine.Trouble,
        };
    }

    // Ready, then a lease that lasts as long as the client's connection: whoever kills the client ends the command.
    private async Task ExecAsync(HttpContext http)
    {
        http.Response.ContentType = "application/octet-stream";
        var gone = http.RequestAborted;
        var entered = false;
        try
        {
            var request = await ReadAsync(http);
            MachineProject.Require(folders);
            OrderedExec? ordered = null;
            if (request.Order is { } order && (ordered = OrderedExec.Check(folders, paths, order)) is null)
            {
                await SendAsync(http, new ControlEvent { Unapproved = true });
                return;
            }

            if (lifecycle.Enter() is not var (ready, progress))
            {
                await SendAsync(http, new ControlEvent { Ending = true });
                return;
            }

            entered = true;
            await foreach (var news in progress.ListenAsync(gone))
            {
                await SendAsync(http, news);
            }

            var machine = await ready;
            await LeaseAsync(http, machine, request.Display, ordered, gone);
        }
        catch (MachineException e)
        {
            await SendAsync(http, new ControlEvent { Failure = new ControlFailure(e.Message, e.Remedy, e.ExitCode) });
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            await SendAsync(http, new ControlEvent { Failure = new ControlFailure("the start was given up: somebody stopped the machine", null, ExitCode.MachineUnavailable) });
        }
        catch (Exception e) when (!gone.IsCancellationRequested)
        {
            // The boundary of a request: whatever went wrong, the client must hear of it.
            logger.LogError(e, "a request failed");
            await SendAsync(http, new ControlEvent { Failure = new ControlFailure($"the supervisor failed: {e.Message}", $"its log: {folders.SupervisorLog}", ExitCode.MachineUnavailable) });
        }
        finally
        {
            if (entered)
            {
                lifecycle.Leave();
            }
        }
    }

    private async Task LeaseAsync(HttpContext http, RunningMachine machine, string display, OrderedExec? ordered, CancellationToken gone)
    {
        await machine.EnsureConnectedAsync(gone);
        var token = RunningCommands.NewToken();
        var command = commands.Begin(token, display, ordered);
        try
        {
            var prepared = ordered is null ? null : await ordered.PrepareAsync(machine, token, gone);
            await SendAsync(http, new ControlEvent { Lease = new ExecLease(token, machine.Guest.Address, machine.Machine.Accelerator, Stale(machine), prepared) });
            ordered?.GetReady();
            var ended = await Task.WhenAny(machine.Machine.Exited, Task.Delay(Timeout.Infinite, gone));
            if (ended == machine.Machine.Exited)
            {
                await SendAsync(http, new ControlEvent { Stopped = true });
                return;
            }
        }
        finally
        {
            ordered?.Dispose();
            if (!commands.End(command) && !machine.Machine.Exited.IsCompleted)
            {
                // The client went without a word: it was killed, and so is what it had started. An order that nobody took goes too.
                await RunningCommands.KillAsync(machine.Guest, command.Token, CancellationToken.None);
            }
        }
    }

    private bool Stale(RunningMachine? running) =>
        running?.MachinefileHash is { } hash && hash != MachinefileReader.HashOf(folders.Project);

    private static async Task<ExecRequest> ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        body.Position = 0;
        return ExecRequest.Read(new FieldReader(body));
    }

    private static async Task SendAsync(HttpContext http, ControlEvent news)
    {
        await http.Response.Body.WriteAsync(news.ToFields().Written.ToArray(), http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }
}
