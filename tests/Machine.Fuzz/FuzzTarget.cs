using Machine.Fuzz.Targets;

namespace Machine.Fuzz;

/// <summary>What is fed with bytes that an attacker wrote.</summary>
/// <param name="Run">Returns where the input is taken or refused as documented; throws anything else for a finding.</param>
/// <param name="Words">Pieces that inputs are made of.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Run, params string[] Words)
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        MachinefileTarget.Target, ListingTarget.Target, PackTarget.Target, GlobTarget.Target, DiffTarget.Target, FeedTarget.Target, NpmTarget.Target, PypiTarget.Target,
        ControlTarget.Target, QmpTarget.Target, QcowTarget.Target, ArchiveTarget.Target, RecordsTarget.Target, DoorTarget.Target, StateTarget.Target,
    ];
}
