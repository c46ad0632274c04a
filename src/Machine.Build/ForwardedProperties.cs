using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Machine.Build;

/// <summary>The global properties (<c>-p:</c>, an IDE's configuration) that mean the same inside, ready for the command line.</summary>
internal static class ForwardedProperties
{
    // Linux takes 128 KiB in one argument, and the whole command is one to ssh.
    private const int MostValue = 16 * 1024;

    /// <summary>What speaks of this host's MSBuild, its restore, or an IDE that builds project by project.</summary>
    private static readonly HashSet<string> OfThisHost = new(StringComparer.OrdinalIgnoreCase)
    {
        "MachineForward", "MachineToolPath", "MACHINE_INSIDE",

        // -restore sets these for its own pass; the target inside sets them again.
        "MSBuildRestoreSessionId", "MSBuildIsRestoring", "ExcludeRestorePackageImports", "RestoreTaskAssemblyFile",

        // With it Microsoft.Common.targets leaves references to the IDE, which forwards each project on its own.
        "BuildingInsideVisualStudio", "DesignTimeBuild", "CurrentSolutionConfigurationContents", "BuildingSolutionFile", "DevEnvDir", "LangID", "LangName",
        "VSIDEResolvedNonMSBuildProjectOutputs", "ShouldUnsetParentConfigurationAndPlatform",

        // Programs of this host.
        "MSBuildSDKsPath", "MSBuildExtensionsPath", "VSTestConsolePath", "DotnetHostPath", "CscToolPath",
    };

    /// <summary>Those of the build that a task runs in. One that is too long is left out with a warning.</summary>
    public static IEnumerable<string> Of(TaskLoggingHelper log, IBuildEngine engine)
    {
        var globals = engine is IBuildEngine6 build ? build.GetGlobalProperties() : new Dictionary<string, string>();
        foreach (var property in globals.Where(property => !OfThisHost.Contains(property.Key)).OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            if (property.Value.Length <= MostValue)
            {
                yield return property.Key + "=" + EscapedText.OfProperty(property.Value);
            }
            else
            {
                log.LogWarning(null, "MACHINE005", null, null, 0, 0, 0, 0, "the property {0} stays behind: with {1} characters it is too long for a command line inside (most: {2})", property.Key, property.Value.Length, MostValue);
            }
        }
    }
}
