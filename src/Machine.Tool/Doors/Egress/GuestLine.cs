using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// What the guest's relay says first on a connection: <c>to NAME PORT</c>, or <c>who ID PID UID PROGRAM</c> about one that was not let through.
/// Whoever is root in the guest can say anything here.
/// </summary>
internal static class GuestLine
{
    /// <summary>In bytes, with the end of the line.</summary>
    public const int MostBytes = 600;

    /// <returns>The line, and what came behind it; null where no line came.</returns>
    public static async Task<(string Line, byte[] Behind)?> ReadAsync(Socket guest, CancellationToken cancel)
    {
        var buffer = new byte[MostBytes];
        for (var length = 0; length < buffer.Length;)
        {
            var count = await guest.ReceiveAsync(buffer.AsMemory(length), cancel);
            if (count == 0)
            {
                return null;
            }

            length += count;
            if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is >= 0 and var end)
            {
                return (Encoding.Latin1.GetString(buffer, 0, end), buffer[(end + 1)..length]);
            }
        }

        return null;
    }

    /// <returns>Null where it is no such line.</returns>
    public static (long Id, EgressAsker Asker)? Who(string[] words) =>
        words is ["who", var id, var process, var user, .. var program]
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
        && int.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var userId)
            ? (number, new EgressAsker(processId, userId, Tainted.Line(string.Join(' ', program))))
            : null;
}
