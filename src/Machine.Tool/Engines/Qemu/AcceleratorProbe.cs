using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Really boots something with an accelerator: that its device exists and opens proves nothing.</summary>
internal static class AcceleratorProbe
{
    /// <summary>A processor needs 0.2 s; the rest is for a busy host.</summary>
    public static TimeSpan Deadline { get; } = TimeLimit.Seconds(5);

    /// <summary>Tries the CPU models in turn, as some hosts refuse theirs (an unsupported MSR), and stops at the first that boots or hangs.</summary>
    public static async Task<ProbeResult> RunAsync(QemuProgram program, string accelerator, IReadOnlyList<string> cpus, TimeSpan deadline, CancellationToken cancel)
    {
        var result = new ProbeResult(Works: false, cpus[0], "no CPU model was tried", 0, DateTimeOffset.UtcNow);
        foreach (var cpu in cpus)
        {
            var (trail, words, seconds) = await BootAsync(program, new Accelerator(accelerator, cpu), deadline, cancel);
            var works = trail.EndsWith(BootSector.Done);
            result = new ProbeResult(
                works,
                cpu,
                works ? $"boots in {seconds:0.0} s"
                    : words is null ? $"it did not boot within {deadline.TotalSeconds:0} s: {BootSector.Stage(trail)}"
                    : $"QEMU refuses it: {words}",
                seconds,
                DateTimeOffset.UtcNow);
            if (works || words is null)
            {
                break;
            }
        }

        return result;
    }

    /// <summary>The letters that came, and QEMU's words when it ended by itself (null when the deadline ended it).</summary>
    private static async Task<(string Trail, string? Words, double Seconds)> BootAsync(
        QemuProgram program, Accelerator accelerator, TimeSpan deadline, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("machine-probe-");
        try
        {
            var guest = Path.Combine(folder.FullName, "guest");
            var trail = Path.Combine(folder.FullName, "trail");
            await File.WriteAllBytesAsync(guest, program.Architecture == "aarch64" ? BootSector.Kernel() : BootSector.Disk(), cancel);
            var clock = Stopwatch.StartNew();
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timer.CancelAfter(deadline);
            string? words = null;
            try
            {
                words = (await HostProgram.TryRunAsync(program.Path, Arguments(program, accelerator, guest, trail), timer.Token)).Error;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // The deadline: it hangs.
            }

            return (
                File.Exists(trail) ? await File.ReadAllTextAsync(trail, cancel) : "",
                words is null ? null : HostProgram.LastLines(words, 2).Trim(),
                clock.Elapsed.TotalSeconds);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<string> Arguments(QemuProgram program, Accelerator accelerator, string guest, string trail)
    {
        List<string> arguments =
        [
            "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot", "-m", "64", "-smp", "1",
            "-machine", QemuArguments.MachineType(program.Architecture) + ",usb=off",
            .. QemuArguments.Accelerator(accelerator),
            "-chardev", $"file,id=trail,path={QemuArguments.Escape(trail)}",
        ];
        arguments.AddRange(program.Architecture == "aarch64"
            ? ["-kernel", guest, "-serial", "chardev:trail"]
            :
            [
                "-drive", $"if=none,id=guest,format=raw,readonly=on,file={QemuArguments.Escape(guest)}",
                "-device", "virtio-blk-pci,drive=guest",
                "-device", "isa-debugcon,iobase=0xe9,chardev=trail",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            ]);
        return arguments;
    }
}

/// <summary>What a probe found.</summary>
/// <param name="Cpu">The CPU model that was tried last.</param>
/// <param name="Reason">In words, for doctor.</param>
internal sealed record ProbeResult(bool Works, string Cpu, string Reason, double Seconds, DateTimeOffset At);
