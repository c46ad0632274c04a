using System.Text;
using System.Text.Unicode;

namespace Machine.Tool.Hosting.Output;

/// <summary>An operating system command (OSC): what stands between <c>ESC ]</c> and its end.</summary>
internal readonly ref struct TerminalCommand(ReadOnlySpan<byte> body)
{
    private static readonly string[] Links = ["http://", "https://", "file://", "mailto:"];

    private readonly ReadOnlySpan<byte> body = body;

    /// <summary>A title, a colour, a link, progress, the marks of a prompt. Not the clipboard (52), files (1337), notes and programs (9, 777), or what is unknown.</summary>
    public bool IsHarmless => IsText && Number switch
    {
        0 or 1 or 2 or 4 or (>= 10 and <= 19) or 104 or (>= 110 and <= 119) or 133 => true,
        8 => IsLink,
        // ConEmu's progress, which MSBuild shows; other forms of 9 run macros.
        9 => Value is [(byte)'4'] or [(byte)'4', (byte)';', ..],
        _ => false,
    };

    public TerminalTraces Trace => Number is 4 or (>= 10 and <= 19) ? TerminalTraces.Palette : TerminalTraces.None;

    // -1 where it does not begin with digits and a semicolon.
    private int Number
    {
        get
        {
            var end = body.IndexOf((byte)';');
            end = end < 0 ? body.Length : end;
            return end is > 0 and < 5 && int.TryParse(body[..end], System.Globalization.NumberStyles.None, null, out var number) ? number : -1;
        }
    }

    private ReadOnlySpan<byte> Value => body[(body.IndexOf((byte)';') is var at && at < 0 ? body.Length : at + 1)..];

    // parameters ; address. An empty address ends the link.
    private bool IsLink
    {
        get
        {
            var at = Value.IndexOf((byte)';');
            if (at < 0)
            {
                return false;
            }

            var address = Encoding.UTF8.GetString(Value[(at + 1)..]);
            return address.Length == 0 || Array.Exists(Links, scheme => address.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));
        }
    }

    // A control in it would end it, in the eyes of one terminal or another, and begin something else.
    private bool IsText
    {
        get
        {
            for (var i = 0; i < body.Length; i++)
            {
                if (body[i] is < 0x20 or 0x7f || (body[i] == 0xc2 && i + 1 < body.Length && body[i + 1] < 0xa0))
                {
                    return false;
                }
            }

            return Utf8.IsValid(body);
        }
    }
}
