namespace Machine.Tool.Hosting;

/// <summary>
/// A failure that is expected in use (a broken file, a missing program, a full disk). It is caught once, in Program,
/// and printed as what happened and what to do, without a stack trace.
/// </summary>
/// <param name="message">What happened and where, in one or a few lines.</param>
/// <param name="remedy">What the user can do about it; a command where there is one.</param>
internal sealed class MachineException(
    string message, string? remedy = null, int exitCode = ExitCode.Failed, Exception? inner = null)
    : Exception(message, inner)
{
    public string? Remedy { get; } = remedy;

    public int ExitCode { get; } = exitCode;
}
