namespace Machine.Tool.Hosting.Output;

/// <summary>
/// What a guest writes to a terminal, without what reaches beyond the screen: clipboard, files and programs of the terminal's own
/// (OSC but for a short list, DCS, APC, PM, SOS), reports that type what the guest chose (title, answerback, DECRQSS, checksums of the
/// screen), printing, moving the window. All else passes byte for byte. A sequence waits until it is whole: a terminal would, too.
/// </summary>
/// <remarks>https://invisible-island.net/xterm/ctlseqs/ctlseqs.html; CVE-2003-0063, CVE-2008-2383, CVE-2019-9535, CVE-2022-45872.</remarks>
internal sealed class TerminalFilter : ByteFilter
{
    private const byte Escape = 0x1b;
    private const byte Bell = 0x07;
    private const int LongestSequence = 256;
    private const int LongestString = 8 << 10;

    // A string that never ends would hide all that follows.
    private const int LongestDropped = 1 << 20;

    private readonly byte[] held = new byte[LongestString];
    private State state;
    private int count;
    private int missing;
    private int dropped;
    private bool spoilt;

    private enum State
    {
        Ground,
        Character,
        AfterEscape,
        Intermediate,
        Control,
        Command,
        CommandEscape,
        Dropped,
        DroppedEscape,
    }

    /// <summary>What passed and lasts.</summary>
    public TerminalTraces Traces { get; private set; }

    protected override int Plain(ReadOnlySpan<byte> part)
    {
        if (state != State.Ground)
        {
            return 0;
        }

        var plain = part.IndexOfAnyExceptInRange((byte)' ', (byte)'~');
        return plain < 0 ? part.Length : plain;
    }

    // Half a sequence of the guest must not swallow our own words; half a character does not.
    protected override void Finish()
    {
        if (state == State.Character)
        {
            GiveUpCharacter();
        }

        (state, count) = (State.Ground, 0);
    }

    protected override void Next(byte b)
    {
        switch (state)
        {
            case State.Ground:
                Ground(b);
                break;
            case State.Character:
                Character(b);
                break;
            case State.AfterEscape:
                AfterEscape(b);
                break;
            case State.Intermediate:
                if (b is >= 0x20 and <= 0x2f && count < LongestSequence)
                {
                    held[count++] = b;
                }
                else if (b is >= 0x30 and <= 0x7e)
                {
                    held[count++] = b;

                    // ESC % @ leaves UTF-8, and bytes inside of characters would become controls.
                    PassIf(!held.AsSpan(1, count - 1).Contains((byte)'%'), TerminalTraces.Modes);
                }
                else
                {
                    Again(b);
                }

                break;
            case State.Control:
                if (b is >= 0x20 and <= 0x3f && count < LongestSequence)
                {
                    held[count++] = b;
                }
                else if (b is >= 0x40 and <= 0x7e)
                {
                    held[count++] = b;
                    var sequence = new ControlSequence(held.AsSpan(2, count - 2));
                    Traces = sequence.Screen(Traces);
                    PassIf(sequence.IsHarmless, sequence.Trace);
                }
                else
                {
                    Again(b);
                }

                break;
            case State.Command:
                Command(b);
                break;
            case State.CommandEscape:
                if (b == '\\')
                {
                    Finish([Escape, (byte)'\\']);
                }
                else
                {
                    (held[0], count, state) = (Escape, 1, State.AfterEscape);
                    Next(b);
                }

                break;
            case State.Dropped:
                state = b switch { Escape => State.DroppedEscape, Bell or 0x18 or 0x1a => State.Ground, _ => ++dropped > LongestDropped ? State.Ground : State.Dropped };
                break;
            default:
                if (b == '\\')
                {
                    state = State.Ground;
                }
                else
                {
                    (held[0], count, state) = (Escape, 1, State.AfterEscape);
                    Next(b);
                }

                break;
        }
    }

    private void Ground(byte b)
    {
        switch (b)
        {
            case Escape:
                (held[0], count, state) = (b, 1, State.AfterEscape);
                break;
            case 0x05:
                // ENQ: the terminal would type its answerback.
                break;
            case < 0x80:
                Traces |= b == 0x0e ? TerminalTraces.Modes : TerminalTraces.None;
                Emit(b);
                break;
            case <= 0x9f or 0xc0 or 0xc1 or > 0xf4:
                // A control of eight bits, or no byte of UTF-8.
                break;
            case <= 0xbf:
                Emit(b);
                break;
            default:
                (held[0], count, state, missing) = (b, 1, State.Character, b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3);
                break;
        }
    }

    private void Character(byte b)
    {
        // The second byte tells over-long forms, which some terminals decode to a control, from characters.
        var (least, most) = count > 1 ? (0x80, 0xbf) : held[0] switch { 0xe0 => (0xa0, 0xbf), 0xed => (0x80, 0x9f), 0xf0 => (0x90, 0xbf), 0xf4 => (0x80, 0x8f), _ => (0x80, 0xbf) };
        if (b < least || b > most)
        {
            GiveUpCharacter();
            Again(b);
            return;
        }

        held[count++] = b;
        if (--missing == 0)
        {
            // U+0080 to U+009F are controls too: CSI, OSC, DCS in two bytes.
            if (held[0] != 0xc2 || held[1] > 0x9f)
            {
                Emit(held.AsSpan(0, count));
            }

            state = State.Ground;
        }
    }

    private void GiveUpCharacter()
    {
        foreach (var one in held.AsSpan(0, count))
        {
            if (one > 0x9f)
            {
                Emit(one);
            }
        }
    }

    private void AfterEscape(byte b)
    {
        if (b is > 0x1f and < 0x7f)
        {
            held[count++] = b;
        }

        switch (b)
        {
            case (byte)'[':
                state = State.Control;
                break;
            case (byte)']':
                (state, spoilt) = (State.Command, false);
                break;
            case (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_':
                (state, dropped) = (State.Dropped, 0);
                break;
            case >= 0x20 and <= 0x2f:
                state = State.Intermediate;
                break;
            case >= 0x30 and <= 0x7e:
                PassIf(true, b == '\\' ? TerminalTraces.None : TerminalTraces.Modes);
                break;
            default:
                Again(b);
                break;
        }
    }

    private void Command(byte b)
    {
        switch (b)
        {
            case Bell:
                Finish([Bell]);
                break;
            case Escape:
                state = State.CommandEscape;
                break;
            case 0x18 or 0x1a:
                state = State.Ground;
                break;
            default:
                if (spoilt)
                {
                    state = ++dropped > LongestDropped ? State.Ground : State.Command;
                }
                else if (b < 0x20 || count == held.Length)
                {
                    (spoilt, dropped) = (true, 0);
                }
                else
                {
                    held[count++] = b;
                }

                break;
        }
    }

    private void Finish(ReadOnlySpan<byte> end)
    {
        state = State.Ground;
        var command = new TerminalCommand(held.AsSpan(2, count - 2));
        if (!spoilt && command.IsHarmless)
        {
            Traces |= command.Trace;
            Emit(held.AsSpan(0, count));
            Emit(end);
        }
    }

    private void PassIf(bool harmless, TerminalTraces trace)
    {
        state = State.Ground;
        if (harmless)
        {
            Traces |= trace;
            Emit(held.AsSpan(0, count));
        }
    }

    // No sequence, as it turns out: what was held is left out, and the byte is looked at by itself.
    private void Again(byte b)
    {
        state = State.Ground;
        Next(b);
    }
}
