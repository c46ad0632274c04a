using System.Reflection;
using System.Runtime.Loader;

namespace Machine.Tool.Packages;

/// <summary>
/// NuGet's assemblies are compile-time references only (Private=false): at run time they come from the SDK in use, so a
/// package is read by the very code that the user's dotnet has.
/// </summary>
internal static class SdkAssemblies
{
    private static readonly Lock Gate = new();
    private static string? folder;

    /// <summary>Where NuGet is loaded from; null until <see cref="Register"/>.</summary>
    public static string? Folder => folder;

    /// <summary>
    /// To be called before the first method that names a NuGet type is compiled. Looks for the SDK once;
    /// commands that need no NuGet never come here.
    /// </summary>
    /// <exception cref="Hosting.MachineException">This host has no fitting SDK.</exception>
    public static void Register()
    {
        lock (Gate)
        {
            if (folder is null)
            {
                folder = DotnetSdks.FindNewest();
                AssemblyLoadContext.Default.Resolving += Resolve;
            }
        }
    }

    // Only what NuGet consists of and needs; the SDK's folder holds MSBuild and much else that must not leak in.
    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name)
    {
        var isNuGets = name.Name is { } simple
            && (simple.StartsWith("NuGet.", StringComparison.Ordinal)
                || simple is "Newtonsoft.Json" or "System.Security.Cryptography.Pkcs" or "System.Security.Cryptography.ProtectedData");
        var file = Path.Combine(folder!, name.Name + ".dll");
        return isNuGets && string.IsNullOrEmpty(name.CultureName) && File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
    }
}
