namespace Machine.EndToEnd.Tests;

/// <summary>
/// The machine of tests/rig: a host with a KVM that works, itself emulated. Classes with this trait run there; their machines have no SDK,
/// and little of everything.
/// </summary>
public static class Rig
{
    public const string Trait = "Rig";
    public const string Kvm = "KVM";

    // Where KVM is not used, each test fails at once.
    private const string Small = "sdk: none\ncpus: 1\nmemory: 1GiB\naccelerator: required\n";

    public static bool IsHere => Environment.GetEnvironmentVariable("MACHINE_TEST_RIG") is { Length: > 0 };

    public static void SkipUnlessHere() => Assert.SkipUnless(IsHere, "needs a KVM that works: ./test.sh --kvm");

    /// <summary>The Machinefile as it is taken there.</summary>
    public static string Machinefile(string text) =>
        IsHere ? string.Concat(Small.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !text.Contains(line[..(line.IndexOf(':') + 1)], StringComparison.Ordinal)).Select(line => line + "\n")) + text : text;
}
