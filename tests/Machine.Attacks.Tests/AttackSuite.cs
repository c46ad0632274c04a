using System.Runtime.CompilerServices;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests;

/// <summary>
/// What is hostile, in one place: a folder for each attacker, a class for what is attacked, a test for each attempt. A test is named by
/// the promise that holds, and looks at a canary: the file, the secret or the connection that the attack is after.
/// </summary>
internal static class AttackSuite
{
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "There is no earlier place in a test program.")]
    internal static void Begin() => NuGetForTests.Prepare();
}
