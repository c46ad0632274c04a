namespace Machine.Tool.Hosting.Output;

/// <summary>Puts a terminal in order before our own words: what a guest left (a hidden cursor, black on black, another screen) must not hide or draw over a question.</summary>
internal static class TerminalReset
{
    /// <summary>
    /// Ends a string; colours; character sets; the region that scrolls, with the cursor kept where it is; margins, autowrap, insert, reverse, cursor,
    /// keys, mouse, focus, bracketed paste, held output; the forms of keys of kitty and xterm, the cursor's shape.
    /// </summary>
    public const string Modes =
        "\u001b\\\u001b[0m\u001b(B\u001b)B\u000f\u001b[?47l\u001b[?69l\u001b7\u001b[r\u001b8\u001b[?7h\u001b[4l\u001b[20l\u001b[?5l\u001b[?25h\u001b[?1l\u001b>"
        + "\u001b[?9l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1005l\u001b[?1006l\u001b[?1015l\u001b[?1004l\u001b[?2004l\u001b[?2026l"
        + "\u001b[=0u\u001b[>4m\u001b[0 q\u001b[0m";

    public const string OtherScreen = "\u001b[?1049l";

    public const string Palette = "\u001b]104\u0007\u001b]110\u0007\u001b]111\u0007\u001b]112\u0007";

    public static string Of(TerminalTraces traces) =>
        (traces.HasFlag(TerminalTraces.OtherScreen) ? OtherScreen : "")
        + (traces.HasFlag(TerminalTraces.Palette) ? Palette : "")
        + ((traces & ~TerminalTraces.Style) != TerminalTraces.None ? Modes : traces != TerminalTraces.None ? "\u001b[0m" : "");
}
