using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>Installs system programs with the host's package manager, as a person would type it.</summary>
internal static class PackageInstall
{
    private const string Apt = "apt-get";
    private const string Brew = "brew";

    /// <summary>The command, or null where this host has no package manager that these names are for.</summary>
    public static IReadOnlyList<string>? Command(IReadOnlyList<string> packages, HostProbe host)
    {
        if (host.IsLinux && host.FindProgram(Apt) is not null)
        {
            var install = $"{Apt} update && {Apt} install -y {string.Join(' ', packages)}";
            return host.IsRoot ? ["sh", "-c", install] : host.FindProgram("sudo") is not null ? ["sudo", "sh", "-c", install] : null;
        }

        return !host.IsLinux && host.FindProgram(Brew) is not null ? [Brew, "install", .. packages] : null;
    }

    /// <exception cref="MachineException">It failed; its own words are on standard error.</exception>
    public static async Task RunAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        // Its progress is no result of ours: standard output may be somebody's JSON.
        using var process = HostProgram.Start("sh", ["-c", "exec \"$@\" >&2", "sh", .. command], start => start.Environment["DEBIAN_FRONTEND"] = "noninteractive");
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new MachineException($"{string.Join(' ', command)} failed with exit code {process.ExitCode}", "what it said stands above");
        }
    }
}
