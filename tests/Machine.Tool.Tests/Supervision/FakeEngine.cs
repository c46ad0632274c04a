using System.Net;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Supervision;

/// <summary>An engine with one process at most, which outlives its handles as a real one does.</summary>
internal sealed class FakeEngine : IVolumeEngine, ITemplateEngine
{
    /// <summary>What runs; null for nothing.</summary>
    public FakeProcess? Process { get; set; }

    public int Starts { get; private set; }

    /// <summary>Its machines can be frozen.</summary>
    public bool Freezes { get; set; } = true;

    /// <summary>Before a process runs; null: it runs at once.</summary>
    public Func<MachineSpec, CancellationToken, Task>? Starting { get; set; }

    public string Name => "fake";

    public Task<string> FingerprintAsync(MachineSpec spec, CancellationToken cancel) => Task.FromResult("fake");

    public Task<IReadOnlyList<CheckResult>> CheckAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<CheckResult>>([]);

    public Task RequireAsync(Machinefile machinefile, IProgressSink progress, CancellationToken cancel) => Task.CompletedTask;

    public async Task<IEngineMachine> StartAsync(MachineSpec spec, IProgressSink progress, CancellationToken cancel)
    {
        await (Starting?.Invoke(spec, cancel) ?? Task.CompletedTask);
        Starts++;
        Process = new FakeProcess(Process?.Freezing);
        return Of(Process);
    }

    public Task<IEngineMachine?> AdoptAsync(string folder, string runtimeFolder, CancellationToken cancel) =>
        Task.FromResult(Process is { IsRunning: true } process ? Of(process) : null);

    private IEngineMachine Of(FakeProcess process) => Freezes ? new Freezable(process) : new Handle(process);

    public IEnumerable<VolumeInfo> Volumes(string folder) =>
        Directory.EnumerateFiles(folder).Select(file => new VolumeInfo(Path.GetFileName(file), new FileInfo(file).Length, DateTimeOffset.UtcNow));

    public bool Has(VolumeReference volume) => File.Exists(At(volume));

    public Task CreateAsync(VolumeReference volume, long bytes, CancellationToken cancel) => CreateDiskAsync(At(volume), bytes, cancel);

    public void Remove(VolumeReference volume) => File.Delete(At(volume));

    public Task ExportAsync(VolumeReference volume, string file, CancellationToken cancel) => throw new NotSupportedException();

    public Task ImportAsync(VolumeReference volume, string file, CancellationToken cancel) => throw new NotSupportedException();

    public Task CompactAsync(VolumeReference volume, CancellationToken cancel) => throw new NotSupportedException();

    private static string At(VolumeReference volume) => Path.Combine(volume.Folder, volume.Name);

    public Task CreateDiskAsync(string path, long bytes, CancellationToken cancel) => File.WriteAllTextAsync(path, "a disk", cancel);

    public Task CreateOverlayDiskAsync(string path, DiskFile backing, long bytes, CancellationToken cancel) => CreateDiskAsync(path, bytes, cancel);

    public Task CopyDiskAsync(DiskFile source, DiskFile target, bool compress, CancellationToken cancel)
    {
        File.Copy(source.Path, target.Path, overwrite: true);
        return Task.CompletedTask;
    }

    /// <param name="freezing">What freezing ends with; null: it works.</param>
    internal sealed class FakeProcess(Func<CancellationToken, Task>? freezing = null)
    {
        private readonly TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Func<CancellationToken, Task>? Freezing { get; set; } = freezing;

        public bool IsRunning => !ended.Task.IsCompleted;

        /// <summary>How it ended: <c>killed</c>, <c>powered off</c>, <c>shut down</c>, <c>frozen</c>, or what <see cref="End"/> was told.</summary>
        public string? HowItEnded { get; private set; }

        public Task<string> Ended => ended.Task;

        public void End(string how)
        {
            HowItEnded ??= how;
            ended.TrySetResult("");
        }
    }

    private class Handle(FakeProcess process) : IEngineMachine
    {
        protected FakeProcess Process => process;

        public IPEndPoint Ssh => new(IPAddress.Loopback, 1);

        public TimeSpan ProcessorTime => TimeSpan.Zero;

        public long? MemoryBytes => null;

        public string Accelerator => "none";

        public Task<string> Exited => process.Ended;

        public Task PowerOffAsync(TimeSpan grace, CancellationToken cancel)
        {
            process.End(grace == TimeSpan.Zero ? "powered off" : "shut down");
            return Task.CompletedTask;
        }

        public Task KillAsync(CancellationToken cancel)
        {
            process.End("killed");
            return Task.CompletedTask;
        }

        public string ConsoleTail(int lines) => "";

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Freezable(FakeProcess process) : Handle(process), IFreezable
    {
        public async Task FreezeAsync(string folder, CancellationToken cancel)
        {
            await (Process.Freezing?.Invoke(cancel) ?? Task.CompletedTask);
            Directory.CreateDirectory(folder);
            Process.End("frozen");
        }
    }
}
