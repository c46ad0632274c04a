using FsCheck;

namespace Machine.Tool.Tests.Workspaces;

internal static class Property
{
    /// <summary>Fails with the smallest counterexample.</summary>
    public static void Holds(FsCheck.Property property, int tests) => Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), property);
}
