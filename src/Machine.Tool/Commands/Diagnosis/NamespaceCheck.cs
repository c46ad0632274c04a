using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>An ordinary user builds images in a user namespace: the kernel must allow it, and the user needs spare numbers.</summary>
internal static class NamespaceCheck
{
    private const string Name = "user namespaces";

    public static async Task<CheckResult> RunAsync(HostProbe host, CancellationToken cancel)
    {
        if (host.IsRoot)
        {
            return CheckResult.Ok(Name, "not needed: you are root");
        }

        if (host.FindProgram("newuidmap") is null)
        {
            return new CheckResult(Name, CheckStatus.Failed, "newuidmap is not installed", HostProgram.InstallHint("uidmap")) { Packages = ["uidmap"] };
        }

        foreach (var file in (string[])["/etc/subuid", "/etc/subgid"])
        {
            if (!HasRange(host.ReadFile(file), host.User))
            {
                return new CheckResult(
                    Name, CheckStatus.Failed, $"{file} gives {host.User.Name} no spare numbers",
                    $"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {host.User.Name}");
            }
        }

        return await TryAsync(host, cancel);
    }

    // Kernels and security modules refuse in many ways; trying is the only answer that holds.
    private static async Task<CheckResult> TryAsync(HostProbe host, CancellationToken cancel)
    {
        if (host.FindProgram("unshare") is not { } unshare)
        {
            return new CheckResult(Name, CheckStatus.Failed, "unshare is not installed", HostProgram.InstallHint("util-linux")) { Packages = ["util-linux"] };
        }

        var result = await host.Run(unshare, ["--user", "--map-root-user", "--mount", "true"], cancel);
        return result.ExitCode == 0
            ? CheckResult.Ok(Name, "allowed")
            : new CheckResult(
                Name, CheckStatus.Failed, $"this system refuses them: {result.Error.Trim()}",
                host.ReadFile("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")?.Trim() == "1"
                    ? "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or build images as root"
                    : "sudo sysctl kernel.unprivileged_userns_clone=1, or build images as root");
    }

    private static bool HasRange(string? file, HostUser user) =>
        file?.Split('\n').Select(line => line.Split(':')).Any(
            fields => fields.Length == 3 && (fields[0] == user.Name || fields[0] == user.UserId.ToString()) && long.TryParse(fields[2], out var count) && count >= 65536) == true;
}
