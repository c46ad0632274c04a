using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Supervision;

/// <summary>How a machine came to run.</summary>
internal enum Arrival
{
    /// <summary>It ran already: its supervisor died, or could not suspend it.</summary>
    Adopted,

    /// <summary>It was suspended, and goes on where it stood.</summary>
    Resumed,

    /// <summary>It continues a warm template's memory.</summary>
    Thawed,

    Booted,
}

/// <summary>A machine whose process runs, and whose guest is yet to be connected to.</summary>
/// <param name="Started">The spec and Machinefile that the machine was started with.</param>
internal sealed record ArrivedMachine(IEngineMachine Machine, StartedMachine Started, Arrival Way)
{
    // A thaw takes seconds; on a busy host ten times as long. A guest whose memory is not what was frozen never answers.
    private static readonly TimeSpan ThawDeadline = TimeLimit.Minutes(2);

    // A guest that boots needs the processor more than it needs to be asked.
    private static readonly TimeSpan Seldom = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(40);

    /// <summary>Somebody's work is open in it: whatever fails, it is not killed.</summary>
    public bool HoldsWork => Way is Arrival.Adopted or Arrival.Resumed;

    public GuestPatience Patience(TimeSpan bootDeadline) => new(
        Way == Arrival.Thawed ? ThawDeadline : bootDeadline,
        Way is Arrival.Resumed or Arrival.Thawed ? Often : Seldom);

    public string Step => Way switch
    {
        Arrival.Adopted => "reconnecting",
        Arrival.Booted => "booting",
        _ => "connecting",
    };
}
