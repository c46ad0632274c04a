using System.Runtime.InteropServices;
using Machine.Tool.Hosting;

namespace Machine.Tool.Sdks;

/// <summary>Finds the folder of this host's dotnet: <c>DOTNET_ROOT</c>, the muxer in the path, the one that runs this very program.</summary>
internal static class DotnetRoot
{
    public static string? Find()
    {
        IEnumerable<string?> candidates =
        [
            Environment.GetEnvironmentVariable("DOTNET_ROOT"),
            HostProgram.Find("dotnet") is { } muxer ? Path.GetDirectoryName(ProjectRoot.RealPath(muxer)) : null,
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
        ];
        return candidates.FirstOrDefault(folder => !string.IsNullOrEmpty(folder) && Directory.Exists(Path.Combine(folder, "sdk")));
    }
}
