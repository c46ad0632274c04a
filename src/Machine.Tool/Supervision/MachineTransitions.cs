using Machine.Tool.Control;

namespace Machine.Tool.Supervision;

/// <summary>What happens to a machine, as its lifecycle sees it.</summary>
internal enum MachineEvent
{
    /// <summary>A client wants it.</summary>
    Wanted,

    /// <summary>Its start has ended well.</summary>
    Ready,

    /// <summary>Its start has failed.</summary>
    Failed,

    /// <summary>Somebody wants it suspended, and nothing is in the way.</summary>
    SuspendAsked,

    /// <summary>Its suspension has ended well.</summary>
    Frozen,

    /// <summary>It could not be suspended, and lives.</summary>
    StayedUp,

    /// <summary>Somebody wants it stopped.</summary>
    StopAsked,

    /// <summary>Its process has ended, by whatever cause.</summary>
    Ended,
}

/// <summary>The next state for every state and event; docs/architecture.md shows the same table.</summary>
internal static class MachineTransitions
{
    public static MachineState Next(MachineState state, MachineEvent happened) => (state, happened) switch
    {
        (_, MachineEvent.StopAsked) => MachineState.Stopping,
        (MachineState.Stopped, MachineEvent.Wanted) => MachineState.Starting,
        (MachineState.Starting, MachineEvent.Ready) => MachineState.Running,
        (MachineState.Starting, MachineEvent.Failed) => MachineState.Stopping,
        (MachineState.Running, MachineEvent.SuspendAsked) => MachineState.Suspending,
        (MachineState.Running, MachineEvent.Ended) => MachineState.Stopping,
        // Who wants it meanwhile gets it resumed.
        (MachineState.Suspending, MachineEvent.Wanted) => MachineState.Starting,
        (MachineState.Suspending, MachineEvent.Frozen) => MachineState.Suspended,
        // It lives, and is connected to again, as after a supervisor's crash.
        (MachineState.Suspending, MachineEvent.StayedUp) => MachineState.Starting,
        _ => state,
    };

    /// <summary>This supervisor ends with its machine: who wants the machine asks the next one.</summary>
    public static bool IsEnding(MachineState state) => state is MachineState.Stopping or MachineState.Suspended;
}
