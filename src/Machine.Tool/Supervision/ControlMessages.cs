using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>One line of an answer of the control API. Exactly one member is set.</summary>
internal sealed record ControlEvent
{
    public string? Step { get; init; }

    public string? Detail { get; init; }

    public string? Note { get; init; }

    public ControlFailure? Failure { get; init; }

    /// <summary>The machine is ready (answer to start), or the command may begin (answer to exec).</summary>
    public CommandLease? Lease { get; init; }

    /// <summary>The machine was stopped by somebody while the lease was held.</summary>
    public bool? Stopped { get; init; }
}

internal sealed record ControlFailure(string Message, string? Remedy, int ExitCode);

/// <summary>The right to run one command: while the connection that carries it is open, the command counts as running.</summary>
/// <param name="Token">Names the command's control group in the guest.</param>
/// <param name="Stale">The Machinefile changed since the machine was started.</param>
internal sealed record CommandLease(string Token, GuestConnection Guest, string Accelerator, bool Stale);

/// <summary>What a client says of the command it wants to run.</summary>
internal sealed record CommandRequest(string Display);

/// <param name="Reason">Why the machine stays up; null when it is suspended.</param>
internal sealed record SuspendAnswer(string? Reason);

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
    string? Template = null);

/// <summary>A command of a client.</summary>
internal sealed record RunningCommand(string Token, string Display, DateTimeOffset Started);

/// <summary>How control messages are written: one JSON value a line.</summary>
internal static class ControlJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonState.Knowing(SupervisionTypes.Default))
    {
        WriteIndented = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // An older or newer client must still understand what it knows.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
    };
}

[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(ControlEvent))]
[JsonSerializable(typeof(MachineRecord))]
[JsonSerializable(typeof(MachineStatus))]
[JsonSerializable(typeof(SuspendAnswer))]
internal sealed partial class SupervisionTypes : JsonSerializerContext;
