using System.Globalization;

namespace Machine.Tool.Hosting;

/// <summary>Times as people write them here: a whole number and <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
internal static class ShortTime
{
    /// <summary>A regular expression; at most five digits, so that nothing overflows.</summary>
    public const string Pattern = "[1-9][0-9]{0,4}[smhd]";

    /// <param name="text">Matches <see cref="Pattern"/>.</param>
    public static TimeSpan Parse(string text) => int.Parse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture) * Unit(text[^1]);

    /// <summary>In the largest unit that leaves nothing over: <c>3d</c>.</summary>
    public static string Format(TimeSpan time)
    {
        var unit = "dhm".FirstOrDefault(unit => time.Ticks % Unit(unit).Ticks == 0, 's');
        return string.Create(CultureInfo.InvariantCulture, $"{time.Ticks / Unit(unit).Ticks}{unit}");
    }

    private static TimeSpan Unit(char unit) => unit switch
    {
        's' => TimeSpan.FromSeconds(1),
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        _ => TimeSpan.FromDays(1),
    };
}
