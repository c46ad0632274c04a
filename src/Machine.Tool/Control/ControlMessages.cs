using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Control;

/// <summary>Why a request was refused or failed, as the client prints it.</summary>
internal sealed record ControlFailure(string Message, string? Remedy, int ExitCode);

/// <summary>The right to run one command: while the connection that carries it is open, the command counts as running.</summary>
/// <param name="Token">Names the command's control group in the guest.</param>
/// <param name="Stale">The Machinefile changed since the machine was started.</param>
/// <param name="Command">What was ordered; null where nothing was.</param>
internal sealed record CommandLease(string Token, GuestAddress Guest, string Accelerator, bool Stale, PreparedCommand? Command = null);

/// <summary>An ordered command that may begin.</summary>
/// <param name="Line">For ssh.</param>
/// <param name="Begun">What the workspace takes for its beginning, should somebody else than this supervisor bring the outputs.</param>
internal sealed record PreparedCommand(string Line, DateTimeOffset Begun);

/// <summary>What a supervisor has to say when an ordered command has ended and its outputs are brought.</summary>
/// <param name="Report">Null where it failed.</param>
internal sealed record CommandEnd(ChangeReport? Report, ControlFailure? Failure);

/// <param name="Reason">Why the machine stays up; null when it is suspended.</param>
internal sealed record SuspendAnswer(string? Reason);

/// <summary>docs/architecture.md shows what follows on what.</summary>
internal enum MachineState
{
    Stopped,
    Starting,
    Running,
    Stopping,
    Suspending,
    Suspended,
}

/// <summary>What <c>status</c> reports.</summary>
/// <param name="SupervisorId">Process id.</param>
/// <param name="MachineProcessId">Process id of the virtual machine.</param>
/// <param name="SshPort">Loopback port of the guest's sshd.</param>
/// <param name="Template">Key of the warm template that it was thawed from.</param>
/// <param name="Awake">Why the machine was not suspended when it should have been.</param>
/// <param name="Trouble">Why the machine stands still at the moment.</param>
/// <param name="MemoryLimitBytes">What its Machinefile allows it, in bytes; its process takes some of its own besides.</param>
/// <param name="MemoryBytes">Proportional share of the host's memory that the machine's process takes, in bytes (Linux only).</param>
internal sealed record MachineStatus(
    string Id,
    string Project,
    MachineState State,
    string Version,
    int SupervisorId,
    int? MachineProcessId,
    int? SshPort,
    string? Engine,
    string? Accelerator,
    string? ImageHash,
    DateTimeOffset? Started,
    long? MemoryBytes,
    IReadOnlyList<RunningCommand> Commands,
    IReadOnlyList<string> Ports,
    bool Stale,
    string? Awake = null,
    string? Template = null,
    long? MemoryLimitBytes = null,
    string? Trouble = null);

/// <summary>A command of a client.</summary>
internal sealed record RunningCommand(string Token, string Display, DateTimeOffset Started);

/// <summary>How the answers are written that a person waits for, or a script.</summary>
internal static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonState.Knowing(ControlTypes.Default))
    {
        WriteIndented = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // An older or newer client must still understand what it knows.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };
}

[JsonSerializable(typeof(CommandEnd))]
[JsonSerializable(typeof(MachineStatus))]
[JsonSerializable(typeof(SuspendAnswer))]
internal sealed partial class ControlTypes : JsonSerializerContext;
