namespace Machine.Build;

/// <summary>Stops the project's machine; its volumes and held changes stay: <c>dotnet-machine stop</c>.</summary>
/// <example><code>&lt;MachineStop /&gt;</code></example>
public sealed class MachineStop : MachineTask
{
    /// <summary>Returns when the machine is stopped; at once when none runs.</summary>
    /// <returns>False with a logged error when it can't be stopped.</returns>
    public override bool Execute()
    {
        if (RunTool(["stop"]) && ExitCode != 0)
        {
            LogFailure("stopping the machine");
        }

        return ExitCode == 0;
    }
}
