using Machine.Tool.Commands.Streams;
using Machine.Tool.Commands.Screen;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>Draws what a long task does, on standard error: one live line on a terminal, a plain line a step elsewhere.</summary>
internal abstract class ProgressView(TextWriter error, TimeProvider time) : IProgressSink, IAsyncDisposable
{
    // A step this short is not worth a line.
    private static readonly TimeSpan Worth = TimeSpan.FromMilliseconds(300);

    private readonly Lock gate = new();
    private long begun;

    protected string? Current { get; private set; }

    protected string Latest { get; private set; } = "";

    protected TimeSpan Elapsed => time.GetElapsedTime(begun);

    protected TextWriter Error => error;

    public static ProgressView Create()
    {
        var plain = !Terminal.ErrorIsTerminal
            || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"))
            || Environment.GetEnvironmentVariable("TERM") is "dumb" or null;
        return plain ? new PlainProgress(Console.Error, TimeProvider.System, LogGroup.Of(Environment.GetEnvironmentVariable, DateTimeOffset.UtcNow)) : new LiveProgress(Console.Error, TimeProvider.System);
    }

    /// <summary>Does some work. The view is drawn once there is something to show, and gone when the work is done.</summary>
    public static T Shown<T>(Func<Func<ProgressView>, T> work)
    {
        // No async method: a short command would pay for its compilation.
        ProgressView? view = null;
        try
        {
            return work(() => view ??= Create());
        }
        finally
        {
            view?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <inheritdoc cref="Shown"/>
    public static async Task<T> ShownAsync<T>(Func<Func<ProgressView>, Task<T>> work)
    {
        ProgressView? view = null;
        try
        {
            return await work(() => view ??= Create());
        }
        finally
        {
            if (view is not null)
            {
                await view.DisposeAsync();
            }
        }
    }

    /// <inheritdoc cref="Shown"/>
    public static Task ShownAsync(Func<Func<ProgressView>, Task> work) => ShownAsync(async progress =>
    {
        await work(progress);
        return true;
    });

    public void Step(string name)
    {
        lock (gate)
        {
            Finish();
            Current = Tainted.Line(name);
            Latest = "";
            begun = time.GetTimestamp();
            Begun();
        }
    }

    public void Detail(string text)
    {
        lock (gate)
        {
            Latest = Tainted.Line(text);
            Changed();
        }
    }

    public void Note(string text)
    {
        lock (gate)
        {
            Line("machine: " + Tainted.Line(text));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopDrawingAsync();
        lock (gate)
        {
            Finish();
            Ended();
        }
    }

    /// <summary>Redraws; callers on other threads come through here.</summary>
    protected void Redraw()
    {
        lock (gate)
        {
            Changed();
        }
    }

    protected abstract void Begun();

    protected abstract void Changed();

    protected abstract void Done(string line);

    protected abstract void Line(string text);

    protected virtual Task StopDrawingAsync() => Task.CompletedTask;

    protected virtual void Ended()
    {
    }

    private void Finish()
    {
        if (Current is { } name)
        {
            Current = null;
            Done(Elapsed < Worth ? "" : $"machine: {name} ({Elapsed.TotalSeconds:0.0} s)");
        }
    }
}

/// <summary>For logs: a line when a long step has ended; folded where the pipeline can.</summary>
internal sealed class PlainProgress(TextWriter error, TimeProvider time, LogGroup? group = null) : ProgressView(error, time)
{
    private bool open;

    protected override void Begun()
    {
    }

    protected override void Changed()
    {
    }

    protected override void Done(string line)
    {
        if (line.Length > 0)
        {
            Line(line);
        }
    }

    // Not through what makes a guest's commands text.
    private void Mark(string line)
    {
        Error.Flush();
        (PipelineLog.Commands ?? Error).WriteLine(line);
    }

    protected override void Line(string text)
    {
        if (group is not null && !open)
        {
            open = true;
            Mark(group.Begin);
        }

        Error.WriteLine(text);
    }

    protected override void Ended()
    {
        if (open)
        {
            open = false;
            Error.WriteLine(group!.End);
        }
    }
}

/// <summary>For people: the step's name, its latest detail and its seconds, in one line that is drawn over.</summary>
internal sealed class LiveProgress : ProgressView
{
    private const string Clear = "\r\u001b[K";

    private readonly CancellationTokenSource ended = new();
    private readonly Task ticking;

    public LiveProgress(TextWriter error, TimeProvider time)
        : base(error, time) => ticking = TickAsync();

    protected override void Begun() => Changed();

    protected override void Changed()
    {
        if (Current is null)
        {
            return;
        }

        var text = $"machine: {Current} {Elapsed.TotalSeconds:0.0} s{(Latest.Length > 0 ? " — " + Latest : "")}";
        var width = ScreenWidth.Now();
        Error.Write(Clear + (text.Length < width ? text : text[..(width - 1)]));
    }

    protected override void Done(string line) => Error.Write(line.Length > 0 ? $"{Clear}{line}\n" : Clear);

    protected override void Line(string text)
    {
        Error.Write($"{Clear}{text}\n");
        Changed();
    }

    protected override async Task StopDrawingAsync()
    {
        await ended.CancelAsync();
        await ticking;
        ended.Dispose();
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(ended.Token))
            {
                Redraw();
            }
        }
        catch (OperationCanceledException)
        {
            // Drawing is over.
        }
    }
}
