namespace Machine.Tool.Hosting.Output;

/// <summary>A control sequence (CSI): what follows <c>ESC [</c>, up to and including its last byte.</summary>
internal readonly ref struct ControlSequence(ReadOnlySpan<byte> body)
{
    // Sizes of window and screen, and the stack of titles. The rest moves windows or types the title, which the guest chose.
    private static ReadOnlySpan<int> WindowReports => [14, 15, 16, 18, 19, 22, 23];

    private static ReadOnlySpan<int> OtherScreens => [47, 1047, 1049];

    private readonly ReadOnlySpan<byte> body = body;

    public bool IsHarmless => Final switch
    {
        (byte)'t' => Private == 0 && (Intermediate != 0 || WindowReports.Contains(First)),
        // To a printer, which may be a program.
        (byte)'i' => false,
        // A checksum of what is on the screen.
        (byte)'y' => Intermediate != '*',
        // VT52 and Tektronix have another grammar than this filter.
        (byte)'l' => Private != '?' || !Has(2),
        (byte)'h' => Private != '?' || !Has(38),
        _ => true,
    };

    public TerminalTraces Trace => Final switch
    {
        (byte)'m' => Private == 0 ? TerminalTraces.Style : TerminalTraces.Modes,
        >= (byte)'A' and <= (byte)'K' or (byte)'n' or (byte)'c' when Intermediate == 0 => TerminalTraces.None,
        _ => TerminalTraces.Modes,
    };

    private byte Final => body[^1];

    private byte Private => body[0] is >= (byte)'<' and <= (byte)'?' ? body[0] : (byte)0;

    private byte Intermediate => body.Length > 1 && body[^2] is >= 0x20 and <= 0x2f ? body[^2] : (byte)0;

    private int First
    {
        get
        {
            var number = 0;
            foreach (var b in body)
            {
                if (b is < (byte)'0' or > (byte)'9')
                {
                    break;
                }

                number = Math.Min(number * 10 + b - '0', 100_000);
            }

            return number;
        }
    }

    /// <summary>With what this one does to which screen is shown.</summary>
    public TerminalTraces Screen(TerminalTraces before)
    {
        if (Private == '?' && Final is (byte)'h' or (byte)'l')
        {
            foreach (var mode in OtherScreens)
            {
                if (Has(mode))
                {
                    return Final == 'h' ? before | TerminalTraces.OtherScreen : before & ~TerminalTraces.OtherScreen;
                }
            }
        }

        return before;
    }

    private bool Has(int mode)
    {
        var number = 0;
        foreach (var b in body)
        {
            if (b is >= (byte)'0' and <= (byte)'9')
            {
                number = Math.Min(number * 10 + b - '0', 100_000);
            }
            else if (number == mode)
            {
                return true;
            }
            else
            {
                number = 0;
            }
        }

        return false;
    }
}
