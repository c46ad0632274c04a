namespace Machine.Tool.Hosting.Output;

/// <summary>What a program left behind on a terminal, as far as it matters to what is written next.</summary>
[Flags]
internal enum TerminalTraces
{
    None = 0,

    /// <summary>Colours, bold.</summary>
    Style = 1,

    /// <summary>Modes, character sets, regions: whatever outlives a line.</summary>
    Modes = 2,

    /// <summary>The other screen is shown.</summary>
    OtherScreen = 4,

    /// <summary>The terminal's own colours were changed.</summary>
    Palette = 8,
}
