using System.Collections.Concurrent;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Images;

internal sealed class RecordedProgress : IProgressSink
{
    public ConcurrentQueue<string> Notes { get; } = new();

    public ConcurrentQueue<string> Details { get; } = new();

    public void Step(string name)
    {
    }

    public void Detail(string text) => Details.Enqueue(text);

    public void Note(string text) => Notes.Enqueue(text);
}
