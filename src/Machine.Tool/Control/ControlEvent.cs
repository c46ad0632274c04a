using System.Globalization;
using System.Net;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Control;

/// <summary>One piece of news in the answer to an exec request. Exactly one member is set.</summary>
internal sealed record ControlEvent
{
    public string? Step { get; init; }

    public string? Detail { get; init; }

    public string? Note { get; init; }

    public ControlFailure? Failure { get; init; }

    /// <summary>The machine is ready, and the command may begin.</summary>
    public ExecLease? Lease { get; init; }

    /// <summary>The machine was stopped by somebody while the lease was held.</summary>
    public bool Stopped { get; init; }

    /// <summary>The Machinefile asks for what nobody approved yet: whoever ordered a command has to ask first.</summary>
    public bool Unapproved { get; init; }

    /// <summary>The supervisor ends with its machine, which was stopped, suspended or killed: the next one is to be asked.</summary>
    public bool Ending { get; init; }

    /// <summary>A kind, the number of its fields, and those (<see cref="FieldWriter"/>): who does not know a kind can skip it.</summary>
    public FieldWriter ToFields() => this switch
    {
        { Step: { } step } => Kind("step", 1).Add(step),
        { Detail: { } detail } => Kind("detail", 1).Add(detail),
        { Note: { } note } => Kind("note", 1).Add(note),
        { Failure: { } failure } => Kind("failure", 3).Add(failure.Message).Add(failure.Remedy ?? "").Add(failure.ExitCode),
        { Lease: { Guest: var guest } lease } => Kind("lease", 9).Add(lease.Token)
            .Add(guest.Sshd.Port).Add(guest.PrivateKey).Add(guest.KnownHosts).Add(guest.ControlPath)
            .Add(lease.Accelerator).Add(lease.Stale ? 1 : 0)
            .Add(lease.Prepared?.Line ?? "").Add(lease.Prepared?.Begun.UtcTicks ?? 0),
        { Stopped: true } => Kind("stopped", 0),
        { Unapproved: true } => Kind("unapproved", 0),
        { Ending: true } => Kind("ending", 0),
        _ => throw new InvalidOperationException("no news"),
    };

    /// <exception cref="EndOfStreamException">The supervisor ended.</exception>
    /// <exception cref="InvalidDataException">It is no news of a supervisor.</exception>
    public static ControlEvent Read(FieldReader fields)
    {
        while (true)
        {
            var kind = fields.Text();
            var values = new string[fields.Number(100)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = fields.Text();
            }

            if (Of(kind, values) is { } news)
            {
                return news;
            }
        }
    }

    private static ControlEvent? Of(string kind, string[] values) => (kind, values) switch
    {
        ("step", [var step]) => new() { Step = step },
        ("detail", [var detail]) => new() { Detail = detail },
        ("note", [var note]) => new() { Note = note },
        ("failure", [var message, var remedy, var code]) => new() { Failure = new ControlFailure(message, remedy.Length == 0 ? null : remedy, (int)Number(code, int.MaxValue)) },
        ("lease", [var token, var port, var key, var hosts, var control, var accelerator, var stale, var line, var begun]) => new()
        {
            Lease = new ExecLease(
                token, new GuestAddress(OnThisHost(port), key, hosts, control), accelerator, stale == "1",
                line.Length == 0 ? null : new PreparedExec(line, new DateTimeOffset(Number(begun, DateTimeOffset.MaxValue.Ticks), TimeSpan.Zero))),
        },
        ("stopped", []) => new() { Stopped = true },
        ("unapproved", []) => new() { Unapproved = true },
        ("ending", []) => new() { Ending = true },
        ("step" or "detail" or "note" or "failure" or "lease" or "stopped" or "unapproved" or "ending", _) => throw new InvalidDataException($"{kind} with {values.Length} fields"),
        _ => null,
    };

    // Wherever a lease leads, it is this host: who answers at the socket can't send a client's input elsewhere.
    private static IPEndPoint OnThisHost(string port) => new(IPAddress.Loopback, (int)Number(port, ushort.MaxValue));

    private static long Number(string text, long most) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= 0 && number <= most
            ? number
            : throw new InvalidDataException($"'{text}' is no number");

    private static FieldWriter Kind(string name, int fields) => new FieldWriter().Add(name).Add(fields);
}
