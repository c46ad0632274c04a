using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Fuzz.Targets;

/// <summary>A guest that broke out of QEMU sends the state that its machine is suspended in.</summary>
internal static class StateTarget
{
    private const long MemoryBytes = 1 << 20;

    private static readonly string File = Path.GetTempFileName();

    public static FuzzTarget Target { get; } = new(
        "state", Run,
        "QEVM\0\0\0\u0003\u0007\0\0\0\u0003q35\u0001\0\0\0\u0002\u0003ram\0\0\0\0\0\0\0\u0004\0\0\0\0\0\u0010\0\u0004\u0003mem\0\0\0\0\0\u0010\0\0\0\0\0\0\0\0\0\u0010\u007e\0\0\0\u0002",
        "\u0003\0\0\0\u0002\0\0\0\0\0\0\u0010\u0002\u0003mem\0\0\0\0\0\0\0\0\u0010\u007e\0\0\0\u0002", "\u0004\0\0\0\u0009\u0005timer", "\0\0\0\0\0\0\u0010\u0008\u0003mem", "\u007e\0\0\0\u0002", "\0\0\0\0\0\0\0\u0010");

    private static void Run(byte[] input)
    {
        if (Split(input) is { } state)
        {
            // Nothing of the memory is left in it, and all else is.
            var again = Split(state);
            Promise.Holds(again is not null && again.AsSpan().SequenceEqual(state), "what was parted is parted once more");
            Promise.Holds(state.Length <= input.Length, "it grew");
        }
    }

    private static byte[]? Split(byte[] input)
    {
        using var state = new MemoryStream();
        using var memory = new FileStream(File, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        memory.SetLength(MemoryBytes);
        try
        {
            new MemorySplit(new MemoryStream(input), state, memory, MemoryBytes * 2).RunAsync(CancellationToken.None).GetAwaiter().GetResult();
            return state.ToArray();
        }
        catch (Exception e) when (e is UnknownStreamException or MachineException)
        {
            return null;
        }
        finally
        {
            Promise.Holds(memory.Length == MemoryBytes, "its memory grew");
        }
    }
}
