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

    /// <summary>Reads a line, member by member: for a serializer that first looks into the types a short command waits longer than for the answer.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static ControlEvent Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        try
        {
            return new ControlEvent
            {
                Step = Text(root, "step"),
                Detail = Text(root, "detail"),
                Note = Text(root, "note"),
                Failure = root.TryGetProperty("failure", out var failure)
                    ? new ControlFailure(failure.GetProperty("message").GetString()!, Text(failure, "remedy"), failure.GetProperty("exitCode").GetInt32())
                    : null,
                Lease = root.TryGetProperty("lease", out var lease)
                    ? new CommandLease(
                        lease.GetProperty("token").GetString()!, Guest(lease.GetProperty("guest")), lease.GetProperty("accelerator").GetString()!, lease.GetProperty("stale").GetBoolean())
                    : null,
                Stopped = root.TryGetProperty("stopped", out var stopped) && stopped.GetBoolean() ? true : null,
            };
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new JsonException($"not news of a supervisor: {line}", e);
        }
    }

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static GuestConnection Guest(JsonElement guest) => new(
        guest.GetProperty("port").GetInt32(),
        guest.GetProperty("privateKey").GetString()!,
        guest.GetProperty("knownHosts").GetString()!,
        guest.GetProperty("controlPath").GetString()!);
}

internal sealed record ControlFailure(string Message, string? Remedy, int ExitCode);

/// <summary>The right to run one command: while the connection that carries it is open, the command counts as running.</summary>
/// <param name="Token">Names the command's control group in the guest.</param>
/// <param name="Stale">The Machinefile changed since the machine was started.</param>
internal sealed record CommandLease(string Token, GuestConnection Guest, string Accelerator, bool Stale);

/// <summary>What a client says of the command it wants to run.</summary>
internal sealed record CommandRequest(string Display)
{
    public byte[] ToJson()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("display", Display);
            json.WriteEndObject();
        }

        return text.ToArray();
    }
}

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
