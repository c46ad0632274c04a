using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>What doctor asks of this engine.</summary>
internal static class QemuChecks
{
    public static async Task<IReadOnlyList<CheckResult>> RunAsync(AcceleratorChoice accelerators, CancellationToken cancel)
    {
        var (system, program) = await SystemAsync(cancel);
        var image = await ImageAsync(cancel);
        return program is null ? [system, image, Walls()] : [system, image, await AcceleratorAsync(accelerators, program, cancel), Walls()];
    }

    private static async Task<(CheckResult Check, QemuProgram? Program)> SystemAsync(CancellationToken cancel)
    {
        try
        {
            var program = await QemuProgram.FindAsync(cancel);
            return program.Version < QemuProgram.Oldest
                ? (Missing(QemuProgram.Name, $"{program.Version} is older than {QemuProgram.Oldest}", QemuProgram.Package), null)
                : (new CheckResult(QemuProgram.Name, CheckStatus.Ok, $"{program.Version} ({program.Path})"), program);
        }
        catch (MachineException e)
        {
            return (Missing(QemuProgram.Name, e.Message, QemuProgram.Package), null);
        }
    }

    private static async Task<CheckResult> ImageAsync(CancellationToken cancel)
    {
        if (HostProgram.Find("qemu-img") is not { } path)
        {
            return Missing("qemu-img", "qemu-img is not installed", QemuDisks.Package);
        }

        var result = await HostProgram.TryRunAsync(path, ["--version"], cancel);
        return result.ExitCode == 0
            ? new CheckResult("qemu-img", CheckStatus.Ok, $"{QemuProgram.ParseVersion(result.Output)} ({path})")
            : Missing("qemu-img", $"{path} does not run: {HostProgram.LastLines(result.Error, 2).Trim()}", QemuDisks.Package);
    }

    private static async Task<CheckResult> AcceleratorAsync(AcceleratorChoice accelerators, QemuProgram program, CancellationToken cancel)
    {
        try
        {
            var verdict = await accelerators.RequireAsync(program, required: false, SilentProgress.Instance, cancel);
            var message = $"{verdict.Accelerator.Name}: {verdict.Reason}"
                + (verdict.Accelerator.Name == Emulation.Name ? " (no boundary in QEMU's developers' own words: dotnet machine docs limits)" : "");
            return verdict.WhyNotFaster is null
                ? new CheckResult("accelerator", CheckStatus.Ok, message)
                : new CheckResult("accelerator", CheckStatus.Warning, $"{message}; {verdict.WhyNotFaster}", verdict.Fix);
        }
        catch (MachineException e)
        {
            return new CheckResult("accelerator", CheckStatus.Failed, e.Message, e.Remedy);
        }
    }

    private static CheckResult Walls()
    {
        if (Confinement.Confinement.Missing is { } missing)
        {
            return new CheckResult(
                "confinement", CheckStatus.Warning, $"who breaks out of a virtual machine is held back less than could be: {missing}",
                OperatingSystem.IsLinux() ? "boot a newer kernel" : null);
        }

        var version = OperatingSystem.IsLinux() ? Confinement.Landlock.Version : 0;
        return new CheckResult("confinement", CheckStatus.Ok, $"a virtual machine's process sees its own files alone (Landlock {version}, system calls, limits)");
    }

    private static CheckResult Missing(string name, string message, string package) =>
        new(name, CheckStatus.Failed, message, HostProgram.InstallHint(package)) { Packages = [package] };
}
