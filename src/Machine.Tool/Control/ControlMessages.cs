using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Control;

/// <summary>Why a request was refused or failed, as the client prints it.</summary>
internal sealed record ControlFailure(string Message, string? Remedy, int ExitCode);

/// <summary>The right to run one command: while the connection that carries it is open, the command counts as running.</summary>
/// <param name="Token">Names the command's control group in the guest.</param>
/// <param name="Stale">The Machinefile changed since the machine was started.</param>
/// <param name="Prepared">What was ordered; null where nothing was.</param>
internal sealed record ExecLease(string Token, GuestAddress Guest, string Accelerator, bool Stale, PreparedExec? Prepared = null);

/// <summary>An ordered command that may begin.</summary>
/// <param name="Line">For ssh.</param>
/// <param name="Begun">What the workspace takes for its beginning, should somebody else than this supervisor bring the outputs.</param>
internal sealed record PreparedExec(string Line, DateTimeOffset Begun);

/// <summary>What a supervisor has to say when an ordered command has ended and its outputs are brought.</summary>
/// <param name="Report">Null where it failed, or there is nothing to tell of changes.</param>
/// <param name="Denied">What the machine's door denied while the command ran, where the client asked for it; null where it was nothing.</param>
internal sealed record ExecEnd(ChangeReport? Report, ControlFailure? Failure, DeniedConnections? Denied = null);

/// <summary>Connections out of the machine that were denied while a command ran, whichever program asked for them.</summary>
/// <param name="Servers">The first ones, each server and port once; at most 50.</param>
/// <param name="Beyond">Connections to yet other servers.</param>
internal sealed record DeniedConnections(IReadOnlyList<DeniedServer> Servers, int Beyond);

/// <param name="Server">A name, or what the guest said instead of one: cleaned.</param>
/// <param name="Times">How many connections.</param>
/// <param name="Wish">The rule that would allow it; null where none would, or one denies it.</param>
/// <param name="Program">Who asked first, as the guest tells it: cleaned; null where it did not.</param>
/// <param name="Reason">Why it was denied.</param>
internal sealed record DeniedServer(string Server, int Port, int Times, string? Wish, string? Program, string? Reason);

/// <summary>The rules of the network that a running machine obeys now.</summary>
/// <param name="DeniesAll">A person's own rules can't be read: nothing is allowed.</param>
internal sealed record NetworkAnswer(IReadOnlyList<RuleInForce> Rules, bool DeniesAll);

internal sealed record RuleInForce(string Rule, bool Allows, bool Private);

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

/// <summary>What <c>status</c> reports; of a machine that does not run most is null.</summary>
internal sealed record MachineStatus
{
    public required string Id { get; init; }

    public required string Project { get; init; }

    public required MachineState State { get; init; }

    /// <summary>Of the tool that answers.</summary>
    public required string Version { get; init; }

    /// <summary>Process id; 0 where no supervisor runs.</summary>
    public int SupervisorId { get; init; }

    /// <summary>Process id of the virtual machine.</summary>
    public int? MachineProcessId { get; init; }

    /// <summary>Loopback port of the guest's sshd.</summary>
    public int? SshPort { get; init; }

    public string? Engine { get; init; }

    public string? Accelerator { get; init; }

    public string? ImageHash { get; init; }

    public DateTimeOffset? Started { get; init; }

    /// <summary>Proportional share of the host's memory that the machine's process takes, in bytes (Linux only).</summary>
    public long? MemoryBytes { get; init; }

    public IReadOnlyList<RunningCommand> Commands { get; init; } = [];

    /// <summary>As people read them.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>Connections out of the machine that were denied since the supervisor began.</summary>
    public int DeniedConnections { get; init; }

    /// <summary>The Machinefile changed since the machine was started.</summary>
    public bool Stale { get; init; }

    /// <summary>Why the machine was not suspended when it should have been.</summary>
    public string? Awake { get; init; }

    /// <summary>Key of the warm template that it was thawed from.</summary>
    public string? Template { get; init; }

    /// <summary>What its Machinefile allows it, in bytes; its process takes some of its own besides.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Why the machine stands still at the moment.</summary>
    public string? Trouble { get; init; }
}

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

[JsonSerializable(typeof(ExecEnd))]
[JsonSerializable(typeof(MachineStatus))]
[JsonSerializable(typeof(NetworkAnswer))]
[JsonSerializable(typeof(SuspendAnswer))]
internal sealed partial class ControlTypes : JsonSerializerContext;
