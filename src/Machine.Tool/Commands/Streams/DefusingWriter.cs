using System.Text;
using Machine.Tool.Hosting.Output;

namespace Machine.Tool.Commands.Streams;

/// <summary>This process's own lines to a pipeline's log: <see cref="RunnerFilter"/> over text. Half a line waits for its other half.</summary>
internal sealed class DefusingWriter(TextWriter to) : TextWriter
{
    private readonly RunnerFilter filter = new();
    private readonly Lock gate = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write([value]);

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (gate)
        {
            to.Write(Encoding.UTF8.GetString(filter.Pass(Encoding.UTF8.GetBytes(buffer.ToString()))));
        }
    }

    public override void WriteLine(string? value) => Write(value + Environment.NewLine);

    public override void Flush()
    {
        lock (gate)
        {
            to.Write(Encoding.UTF8.GetString(filter.End()));
            to.Flush();
        }
    }
}
