namespace Machine.Shim;

/// <summary>As the tool's own: a command that could not be run at all.</summary>
internal static class ExitCode
{
    public const int MachineUnavailable = 125;
}
