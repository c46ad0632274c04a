namespace Machine.Build;

/// <summary>Starts the project's machine, so that the first command does not wait for it: <c>dotnet-machine start</c>.</summary>
/// <example><code>&lt;MachineStart /&gt;</code></example>
public sealed class MachineStart : MachineTask
{
    /// <summary>Returns when the machine is ready; at once when it runs already.</summary>
    /// <returns>False with a logged error when it can't be started (the Machinefile is wrong or not approved, no image can be built).</returns>
    public override bool Execute()
    {
        if (RunTool(["start"]) && ExitCode != 0)
        {
            LogFailure("starting the machine");
        }

        return ExitCode == 0;
    }
}
