using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// QEMU halts a guest whose write finds the host's disk full. Nothing is lost: this tells why the guest stands still and
/// lets it go on when there is room again.
/// </summary>
internal sealed class FullDisk
{
    private const long EnoughBytes = 64L << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private volatile string? trouble;
    private int waiting;

    /// <summary>Null while all is well.</summary>
    public string? Trouble => trouble;

    /// <param name="folder">Lies on the disk that is full.</param>
    /// <param name="data">Of the event BLOCK_IO_ERROR.</param>
    /// <param name="resume">Lets the guest go on; it repeats the write.</param>
    public void Report(string folder, JsonElement data, Func<Task> resume, CancellationToken cancel)
    {
        if (data.TextOf("action") == "stop")
        {
            var isFull = data.TryGetProperty("nospace", out var full) && full.ValueKind == JsonValueKind.True;
            var reason = Printable.Escape((data.TextOf("reason") ?? "no reason given") is var words && words.Length > 200 ? words[..200] : words);
            Wait(folder, isFull ? Full(folder) : $"a disk of the machine cannot be written ({reason}): the machine stands still", resume, cancel);
        }
    }

    /// <summary>As <see cref="Report"/>, for a guest that stood still already when it was found.</summary>
    public void Found(string folder, Func<Task> resume, CancellationToken cancel) => Wait(folder, Full(folder), resume, cancel);

    private static string Full(string folder) => $"the disk that holds {folder} is full: the machine stands still until some space is free";

    private void Wait(string folder, string why, Func<Task> resume, CancellationToken cancel)
    {
        trouble = why;
        if (Interlocked.Exchange(ref waiting, 1) == 0)
        {
            _ = ResumeAsync(folder, resume, cancel);
        }
    }

    private async Task ResumeAsync(string folder, Func<Task> resume, CancellationToken cancel)
    {
        try
        {
            do
            {
                await Task.Delay(Interval, cancel);
            }
            while (new DriveInfo(folder).AvailableFreeSpace < EnoughBytes);
            trouble = null;
            Volatile.Write(ref waiting, 0);
            await resume();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // The machine is let go of, or its folder is gone.
        }
    }
}
