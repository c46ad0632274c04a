using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>
/// Runs a script as root of mount, process and (for an ordinary user) user namespaces of its own: when it ends, however
/// it ends, its mounts and its processes have ended too.
/// </summary>
internal static class PrivateNamespace
{
    public static async Task<ProgramResult> RunScriptAsync(
        string script, IEnumerable<string> arguments, Action<string> line, CancellationToken cancel)
    {
        var unshare = HostProgram.Require("unshare", "util-linux");
        return await HostProgram.StreamAsync(unshare, [.. Flags(), "sh", script, .. arguments], input: null, line, cancel);
    }

    /// <summary>
    /// The same for what others wrote: it sees this host's programs and <paramref name="folder"/>, has no variable of this host's, and
    /// reaches <paramref name="door"/> alone. Begun by root, it runs with ids that nobody on this host has (Recipe/enclose.pl).
    /// </summary>
    /// <param name="folder">With <c>recipe/enclose.pl</c> in it.</param>
    /// <param name="shown">Further files and folders that it may read.</param>
    public static async Task<ProgramResult> RunEnclosedAsync(
        string folder, string? door, int port, IEnumerable<string> shown, string script, IEnumerable<string> arguments, Action<string> line, CancellationToken cancel)
    {
        var unshare = HostProgram.Require("unshare", "util-linux");
        string[] enclosed =
        [
            "--net", "--ipc", "--uts", "perl", Path.Combine(folder, "recipe", "enclose.pl"), Environment.IsPrivilegedProcess ? "root" : "user",
            folder, door ?? "-", $"{port}", .. shown.Distinct(StringComparer.Ordinal), "--", "sh", script, .. arguments,
        ];
        return await HostProgram.StreamAsync(unshare, [.. Flags(), .. enclosed], input: null, line, cancel);
    }

    /// <summary>Deletes a folder, also when it holds files of other (mapped) users. Never crosses into another file system.</summary>
    public static async Task DeleteAsync(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        try
        {
            if (!OperatingSystem.IsLinux() || !Directory.Exists(Path.Combine(folder, "root")))
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Below, as the root of a namespace.
        }

        if (OperatingSystem.IsLinux())
        {
            await HostProgram.StreamAsync(
                HostProgram.Require("unshare", "util-linux"),
                [.. Flags(), "rm", "-rf", "--one-file-system", "--", folder],
                input: "",
                _ => { },
                CancellationToken.None);
        }
    }

    /// <exception cref="MachineException">This user may not have user namespaces; says what to install or to set.</exception>
    public static async Task CheckAsync(CancellationToken cancel)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            HostProgram.Require("newuidmap", "uidmap");
            var user = Environment.UserName;
            if (!HasRange("/etc/subuid", user) || !HasRange("/etc/subgid", user))
            {
                throw new MachineException(
                    $"{user} has no range of subordinate ids in /etc/subuid and /etc/subgid, which building an image as an ordinary user needs",
                    $"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
                    ExitCode.MachineUnavailable);
            }
        }

        var probe = await HostProgram.StreamAsync(
            HostProgram.Require("unshare", "util-linux"), [.. Flags(), "true"], input: "", _ => { }, cancel);
        if (probe.ExitCode != 0)
        {
            throw new MachineException(
                $"this system does not let {Environment.UserName} make namespaces, which building an image needs:\n{HostProgram.LastLines(probe.Output, 3)}",
                Environment.IsPrivilegedProcess
                    ? "in a container, run it with the right to mount (CAP_SYS_ADMIN)"
                    : "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu) or kernel.unprivileged_userns_clone=1 (Debian), or build it once as root",
                ExitCode.MachineUnavailable);
        }
    }

    internal static string[] Flags()
    {
        string[] always = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
        return Environment.IsPrivilegedProcess ? always : ["--map-root-user", "--map-auto", .. always];
    }

    private static bool HasRange(string file, string user) =>
        File.Exists(file) && File.ReadLines(file).Any(line => line.StartsWith(user + ":", StringComparison.Ordinal));
}
