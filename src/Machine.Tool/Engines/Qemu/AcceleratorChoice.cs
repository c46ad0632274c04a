using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>What machines run with, and why not faster.</summary>
/// <param name="WhyNotFaster">Null where the host's own accelerator works or the user chose.</param>
internal sealed record AcceleratorVerdict(Accelerator Accelerator, string Reason, string? WhyNotFaster = null, string? Fix = null);

/// <summary>
/// Chooses the accelerator: what the user says, else the host's own if it boots a guest, else emulation. A probe's answer is
/// remembered for this QEMU, kernel and processor.
/// </summary>
internal sealed class AcceleratorChoice(MachinePaths paths)
{
    public const string Variable = "MACHINE_ACCELERATOR";
    private const string Required = "required";

    // A host that was too busy once must not stay slow for ever.
    private static readonly TimeSpan RefusalLasts = TimeSpan.FromDays(7);
    private static readonly string[] Names = ["kvm", "hvf", "whpx", Emulation.Name];

    public static bool IsRequiredByUser => Environment.GetEnvironmentVariable(Variable) == Required;

    /// <summary>The kernel that answers are remembered for; tests set another.</summary>
    internal string Kernel { get; init; } = HostKernel.Build;

    private string Remembered => Path.Combine(paths.Home, "accelerators.json");

    public async Task<AcceleratorVerdict> ChooseAsync(QemuProgram program, IProgressSink progress, CancellationToken cancel)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } wish && wish != Required)
        {
            return Wished(wish, program);
        }

        var name = OperatingSystem.IsMacOS() ? "hvf" : OperatingSystem.IsWindows() ? "whpx" : "kvm";
        if (name == "kvm" && KvmDevice.Problem() is { } problem)
        {
            return new AcceleratorVerdict(Emulation.For(program.Architecture), "software emulation", problem.Message, problem.Fix);
        }

        MachinePaths.CreatePrivate(paths.Home);
        // Two first starts at once: one probes, the other reads its answer.
        using var held = await FileLock.AcquireAsync(Remembered + ".lock", waiting: null, cancel);
        var all = Read();
        var key = Key(program, name);
        if (!all.TryGetValue(key, out var result) || (!result.Works && DateTimeOffset.UtcNow - result.At > RefusalLasts))
        {
            progress.Detail($"trying the accelerator {name}");
            result = await AcceleratorProbe.RunAsync(program, name, Cpus(name, program), AcceleratorProbe.Deadline, cancel);
            all[key] = result;
            JsonState.Write(Remembered, all);
            if (!result.Works)
            {
                progress.Note($"{name} is of no use on this host ({result.Reason}): machines are emulated, and slower");
            }
        }

        return result.Works
            ? new AcceleratorVerdict(new Accelerator(name, result.Cpu), result.Reason)
            : new AcceleratorVerdict(
                Emulation.For(program.Architecture), "software emulation", $"{name}: {result.Reason}",
                $"if this host is itself a virtual machine, ask for nested virtualisation; to try again remove {Remembered}");
    }

    /// <summary>As <see cref="ChooseAsync"/>, for a machine that is to run.</summary>
    /// <param name="required">The machine's own wish; the user's is a variable.</param>
    /// <exception cref="MachineException">It would be emulated, and must not be.</exception>
    public async Task<AcceleratorVerdict> RequireAsync(QemuProgram program, bool required, IProgressSink progress, CancellationToken cancel)
    {
        var verdict = await ChooseAsync(program, progress, cancel);
        return verdict.Accelerator.Name != Emulation.Name || !(required || IsRequiredByUser)
            ? verdict
            : throw new MachineException(
                $"{(IsRequiredByUser ? $"{Variable}={Required}" : "the Machinefile's accelerator: required")} forbids to emulate the processor, and nothing else works here: {verdict.WhyNotFaster ?? verdict.Reason}",
                verdict.Fix ?? $"unset {Variable}",
                ExitCode.MachineUnavailable);
    }

    private static AcceleratorVerdict Wished(string wish, QemuProgram program) => Names.Contains(wish)
        ? new AcceleratorVerdict(wish == Emulation.Name ? Emulation.For(program.Architecture) : new Accelerator(wish, Cpus(wish, program)[0]), $"{Variable} says so")
        : throw new MachineException($"{Variable} is '{wish}'", $"it can be: {string.Join(", ", Names)}, {Required}; or unset it", ExitCode.Usage);

    // The host's own processor; else the oldest with what .NET asks of one (x86-64-v2).
    private static string[] Cpus(string accelerator, QemuProgram program) =>
        program.Architecture == "aarch64" ? ["host"]
        : accelerator == "whpx" ? ["max", "Nehalem"]
        : ["host", "Nehalem"];

    private string Key(QemuProgram program, string accelerator) =>
        $"{accelerator} | {program.Path} {program.Version} | {Kernel} | {HostProcessor.Model()}";

    private Dictionary<string, ProbeResult> Read()
    {
        try
        {
            return JsonState.Read<Dictionary<string, ProbeResult>>(Remembered) ?? [];
        }
        catch (JsonException)
        {
            // Of another version, or broken: asking again costs seconds.
            return [];
        }
    }
}
