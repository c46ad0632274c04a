namespace Machine.EndToEnd.Tests;

/// <summary>Tests that build whole solutions or systems in an emulated machine: minutes each, and continuous integration has ninety in all.</summary>
internal static class Slow
{
    public static bool IsAsked => Environment.GetEnvironmentVariable("MACHINE_TEST_ALL") is { Length: > 0 };

    public static void SkipUnlessAsked() => Assert.SkipUnless(IsAsked, "takes many minutes in an emulated machine: run it with ./test.sh --all");
}
