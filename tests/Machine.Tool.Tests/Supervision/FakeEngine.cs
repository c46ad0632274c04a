using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Supervision;

/// <summary>An engine with one process at most, which outlives its handles as a real one does.</summary>
internal sealed class FakeEngine : IEngine
{
    /// <summary>What runs; null for nothing.</summary>
    public FakeProcess? Process { get; set; }

    public int Starts { get; private set; }

    /// <summary>Before a process runs; null: it runs at once.</summary>
    public Func<MachineSpec, CancellationToken, Task>? Starting { get; set; }

    public string Name => "fake";

    public Task<string> FingerprintAsync(MachineSpec spec, CancellationToken cancel) => Task.FromResult("fake");

    public Task<IReadOnlyList<CheckResult>> CheckAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<CheckResult>>([]);

    public async Task<IEngineMachine> StartAsync(MachineSpec spec, IProgressSink progress, CancellationToken cancel)
    {
        await (Starting?.Invoke(spec, cancel) ?? Task.CompletedTask);
        Starts++;
        Process = new FakeProcess(Process?.Freezing);
        return new Handle(Process);
    }

    public Task<IEngineMachine?> AdoptAsync(string folder, string runtimeFolder, CancellationToken cancel) =>
        Task.FromResult<IEngineMachine?>(Process is { IsRunning: true } process ? new Handle(process) : null);

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

    private sealed class Handle(FakeProcess process) : IEngineMachine
    {
        public int ProcessId => Environment.ProcessId;

        public int SshPort => 1;

        public string Accelerator => "none";

        public Task<string> Exited => process.Ended;

        public async Task FreezeAsync(string folder, CancellationToken cancel)
        {
            await (process.Freezing?.Invoke(cancel) ?? Task.CompletedTask);
            Directory.CreateDirectory(folder);
            process.End("frozen");
        }

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
}
