using System.Threading.Channels;
using Machine.Tool.Control;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>Hands the progress of one start to every client that waits for it, late comers included.</summary>
internal sealed class ProgressBroadcast : IProgressSink
{
    private readonly Lock gate = new();
    private readonly List<Channel<ControlEvent>> listeners = [];
    private readonly List<ControlEvent> history = [];
    private bool ended;

    public void Step(string name) => Publish(new ControlEvent { Step = name });

    public void Detail(string text) => Publish(new ControlEvent { Detail = text });

    public void Note(string text) => Publish(new ControlEvent { Note = text });

    /// <summary>No more will come.</summary>
    public void End()
    {
        lock (gate)
        {
            ended = true;
            listeners.ForEach(listener => listener.Writer.TryComplete());
        }
    }

    public IAsyncEnumerable<ControlEvent> ListenAsync(CancellationToken cancel)
    {
        var channel = Channel.CreateUnbounded<ControlEvent>();
        lock (gate)
        {
            if (ended)
            {
                // To whom a machine is ready at once, how it became so is no news.
                channel.Writer.TryComplete();
            }
            else
            {
                history.ForEach(past => channel.Writer.TryWrite(past));
                listeners.Add(channel);
            }
        }

        return channel.Reader.ReadAllAsync(cancel);
    }

    private void Publish(ControlEvent news)
    {
        lock (gate)
        {
            // A late comer wants the steps, not every detail that flew by.
            if (news.Detail is null)
            {
                history.Add(news);
            }

            listeners.ForEach(listener => listener.Writer.TryWrite(news));
        }
    }
}
