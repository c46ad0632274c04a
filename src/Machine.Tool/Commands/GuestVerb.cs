using Machine.Tool.Commands.Outputs;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Commands;

/// <summary>Runs one command inside and brings its outputs back. Every verb that executes code is this.</summary>
internal static class GuestVerb
{
    /// <param name="arguments">Program and arguments, byte for byte.</param>
    /// <param name="extra">Variables of this command alone; null passes the host's value.</param>
    /// <returns>The command's own exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> extra, CancellationToken cancel)
    {
        var command = ProjectCommand.Here();
        var outputs = OutputPlaces.Of(arguments, command);
        var client = SupervisorClient.For(command.Paths, command.Project);
        using var lease = await command.LeaseAsync(client, Display(arguments), cancel);
        var workspace = command.OpenWorkspace(lease.Lease.Guest);
        var start = await workspace.PrepareAsync(cancel);
        var code = await new RemoteExecution(lease, command.User).RunAsync(
            new GuestCommand(command.Directory, GuestEnvironment.For(command.Machinefile, command.User, extra), arguments),
            () => workspace.GetReady(outputs));
        // The command has ended, however it did; what it wrote is brought back even when it failed.
        var told = lease.DoneAsync();
        var report = await CollectAsync(workspace, start, outputs, lease);
        await told;
        await ChangesView.AfterCommandAsync(command, workspace, report);
        return code;
    }

    private static async Task<ChangeReport> CollectAsync(Workspace workspace, DateTimeOffset start, IReadOnlyList<string> outputs, ClientLease lease)
    {
        try
        {
            return await workspace.CollectAsync(start, CancellationToken.None, outputs);
        }
        catch (MachineException e)
        {
            if (await lease.WasStoppedAsync(TimeSpan.FromSeconds(2)))
            {
                throw new MachineException(
                    "the machine was stopped before the command's outputs were brought; they are held and come with the next command",
                    exitCode: ExitCode.MachineUnavailable, inner: e);
            }

            throw;
        }
    }

    private static string Display(IReadOnlyList<byte[]> arguments)
    {
        var text = string.Join(' ', arguments.Select(System.Text.Encoding.UTF8.GetString));
        return Tainted.Line(text.Length > 200 ? text[..200] + "…" : text);
    }
}
