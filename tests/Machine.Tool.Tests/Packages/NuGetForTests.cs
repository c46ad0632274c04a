using System.Runtime.CompilerServices;
using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

internal static class NuGetForTests
{
    /// <summary>Before any test: test classes name NuGet's types themselves, and NuGet's own cache of answers must not outlive the run.</summary>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "There is no earlier place in a test program.")]
    internal static void Register()
    {
        SdkAssemblies.Register();
        var cache = Directory.CreateTempSubdirectory("machine-http-cache-").FullName;
        Environment.SetEnvironmentVariable("NUGET_HTTP_CACHE_PATH", cache);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(cache, recursive: true);
    }
}
