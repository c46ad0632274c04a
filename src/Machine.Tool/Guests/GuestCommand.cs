using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>One command for the guest, byte for byte.</summary>
/// <param name="Directory">Absolute; the same path as on the host.</param>
/// <param name="Arguments">Program and arguments as raw bytes: an argument of Unix need not be text.</param>
internal sealed record GuestCommand(string Directory, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<byte[]> Arguments)
{
    // What execve takes: MAX_ARG_STRLEN for one word with its NUL, and a quarter of the stack (8 MiB) for all, each with its pointer.
    private const int MostInWord = (128 << 10) - 1;
    private const int MostInAll = (2 << 20) - (16 << 10);
    private const int Pointer = 8;

    /// <summary>The line for ssh. Every user of the host can read it: it holds the token and nothing of what is run.</summary>
    public static string Line(string token) => $"exec perl {GuestLayout.Programs}/exec.pl {token}";

    /// <summary>The line that sends a signal to a command and to all that it started.</summary>
    public static string SignalLine(string token, string signal) => $"sh {GuestLayout.Programs}/signal.sh {token} {signal}";

    /// <summary>What <c>exec.pl</c> reads. It goes into the guest by <see cref="GuestOrders"/>, and is on no command line.</summary>
    /// <exception cref="MachineException">The guest's kernel would not take it.</exception>
    public byte[] Order(HostUser user)
    {
        var all = 0L;
        foreach (var argument in Arguments)
        {
            all += Counted(argument.Length, "an argument");
        }

        var fields = new FieldWriter().Add("2").Add(DateTimeOffset.UtcNow.ToUnixTimeSeconds()).Add(user.UserId).Add(user.GroupId).Add(Directory).Add(Environment.Count);
        foreach (var (name, value) in Environment)
        {
            var pair = $"{name}={value}";
            all += Counted(System.Text.Encoding.UTF8.GetByteCount(pair), $"the variable {name}");
            fields.Add(pair);
        }

        foreach (var argument in Arguments)
        {
            fields.Add(argument);
        }

        return all <= MostInAll ? fields.Written.ToArray() : throw TooLong("the command line with its variables", all, MostInAll);
    }

    private static long Counted(int bytes, string what) => bytes <= MostInWord ? bytes + 1 + Pointer : throw TooLong(what, bytes, MostInWord);

    private static MachineException TooLong(string what, long bytes, int most) => new(
        $"{what} is {bytes:N0} bytes long; Linux takes {most:N0}", "put the arguments into a file (a response file, xargs)", ExitCode.MachineUnavailable);
}
