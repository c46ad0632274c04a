using System.Runtime.CompilerServices;

namespace Machine.Tool.Tests.Packages;

internal static class NuGetForTests
{
    /// <summary>Before any test: NuGet's caches are the run's own, and its one credential provider is the tests'.</summary>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "There is no earlier place in a test program.")]
    internal static void Prepare()
    {
        var cache = Directory.CreateTempSubdirectory("machine-http-cache-").FullName;
        Environment.SetEnvironmentVariable("NUGET_HTTP_CACHE_PATH", cache);
        Environment.SetEnvironmentVariable("NUGET_PLUGINS_CACHE_PATH", Path.Combine(cache, "plugins"));
        CredentialPlugin.Install(Directory.CreateDirectory(Path.Combine(cache, "provider")).FullName);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(cache, recursive: true);
    }
}
