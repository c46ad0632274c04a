using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>Where this host's state lies.</summary>
internal static class StateChecks
{
    /// <summary>An image takes about this while it is built.</summary>
    private const long Least = 3L << 30;

    private const long Comfortable = 10L << 30;

    // sun_path of Linux holds 108 bytes, of macOS and the BSDs 104, the ending zero included; ssh binds its socket under a
    // temporary name that is 17 bytes longer.
    private const int LongestSocket = 103 - 17;

    public static CheckResult Writable(MachinePaths paths)
    {
        const string Name = "state folder";
        try
        {
            var probe = Path.Combine(MachinePaths.CreatePrivate(paths.Home), $".doctor-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return CheckResult.Ok(Name, paths.Home);
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            return new CheckResult(Name, CheckStatus.Failed, e.Message, "make it writable, or set MACHINE_HOME to a folder that is");
        }
    }

    public static CheckResult Disk(MachinePaths paths, HostProbe host)
    {
        const string Name = "free disk";
        return host.FreeBytes(paths.Home) switch
        {
            null => new CheckResult(Name, CheckStatus.Warning, $"nobody tells how much is free at {paths.Home}"),
            < Least and { } free => new CheckResult(Name, CheckStatus.Failed, $"{HumanText.Size(free)} at {paths.Home}: too little to build an image", "dotnet machine image prune, or set MACHINE_HOME to a larger disk"),
            < Comfortable and { } free => new CheckResult(Name, CheckStatus.Warning, $"{HumanText.Size(free)} at {paths.Home}: images and volumes will fill it", "dotnet machine image prune, or set MACHINE_HOME to a larger disk"),
            { } free => CheckResult.Ok(Name, $"{HumanText.Size(free)} at {paths.Home}"),
        };
    }

    public static CheckResult RuntimeFolder(MachinePaths paths)
    {
        const string Name = "runtime folder";
        var longest = Path.Combine(paths.MachineRuntime(new MachineId("any-00000000")), "console");
        if (Encoding.UTF8.GetByteCount(longest) > LongestSocket)
        {
            return new CheckResult(Name, CheckStatus.Failed, $"{paths.Runtime} is too long a path for sockets", "set XDG_RUNTIME_DIR to a shorter folder of yours");
        }

        try
        {
            OwnFolder.RequirePrivate(paths.Runtime);
            return CheckResult.Ok(Name, paths.Runtime);
        }
        catch (MachineException e)
        {
            return new CheckResult(Name, CheckStatus.Failed, e.Message, e.Remedy);
        }
    }
}
