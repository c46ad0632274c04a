using System.Buffers.Binary;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Fuzz.Targets;

/// <summary>Somebody made the disk that a user imports.</summary>
internal static class QcowTarget
{
    private static readonly string File = Path.GetTempFileName();

    public static FuzzTarget Target { get; } = new("qcow", Run, "QFI\u00fb\0\0\0\u0003", "QFI", "\0\0\0\u0003", "\0\0\0\u0002", "\0\0\0\0\0\0\0\u0004", "/etc/passwd", "raw:", "json:{");

    private static void Run(byte[] input)
    {
        System.IO.File.WriteAllBytes(File, input);
        try
        {
            QcowHeader.RequireStandAloneAsync(File, "none", CancellationToken.None).GetAwaiter().GetResult();
            Promise.Holds(input.AsSpan().StartsWith("QFI\xfb"u8[..3]) && input.Length >= 72, "it is no qcow2 disk");
            Promise.Holds(BinaryPrimitives.ReadUInt64BigEndian(input.AsSpan(8)) == 0, "it has a backing file");
            Promise.Holds(input[7] == 2 || input.Length < 80 || (input[79] & 4) == 0, "its data lies in another file");
            _ = QcowHeader.SizeAsync(File, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (MachineException)
        {
            // As documented.
        }
    }
}
