namespace Machine.Tool.Hosting;

/// <summary>
/// Receives what a long task is doing. Rooms below Commands never write to the console: they report here, and a
/// command draws it (live on a terminal, plain lines elsewhere).
/// </summary>
internal interface IProgressSink
{
    /// <summary>A named step begins, for example "building image debian/12"; the step before it has ended.</summary>
    void Step(string name);

    /// <summary>A detail of the current step, for example "unpacking 61 of 140 packages". Replaces the detail before it.</summary>
    void Detail(string text);

    /// <summary>One line that stays on the screen (a fallback taken, a file refused).</summary>
    void Note(string text);
}

/// <summary>For callers that show nothing.</summary>
internal sealed class SilentProgress : IProgressSink
{
    public static SilentProgress Instance { get; } = new();

    public void Step(string name)
    {
    }

    public void Detail(string text)
    {
    }

    public void Note(string text)
    {
    }
}
