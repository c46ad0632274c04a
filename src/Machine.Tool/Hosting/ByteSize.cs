using System.Globalization;

namespace Machine.Tool.Hosting;

/// <summary>
/// Sizes as people write them. <c>MiB GiB TiB</c> count in 1024s, <c>MB GB TB</c> in 1000s; the result is rounded down to a whole MiB,
/// because virtual machines get memory and disks in no smaller steps.
/// </summary>
internal static class ByteSize
{
    public const long MiB = 1L << 20;

    public const long GiB = 1L << 30;

    public const long TiB = 1L << 40;

    public const string Pattern = "^[0-9]{1,9}(\\.[0-9]{1,3})? ?(MiB|GiB|TiB|MB|GB|TB)$";

    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("MiB", MiB), ("GiB", GiB), ("TiB", TiB), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ];

    /// <summary>Null where it is not a size, or too large for any disk.</summary>
    public static long? TryParse(string text)
    {
        var (unit, bytes) = Units.FirstOrDefault(u => text.EndsWith(u.Unit, StringComparison.Ordinal));
        if (unit is null
            || !decimal.TryParse(text[..^unit.Length].TrimEnd(' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            || count > long.MaxValue / bytes)
        {
            return null;
        }

        return (long)(count * bytes) / MiB * MiB;
    }

    /// <summary>In the largest unit that divides it, in a form that <see cref="TryParse"/> reads back to the same number.</summary>
    public static string Format(long bytes) =>
        bytes % TiB == 0 ? $"{bytes / TiB}TiB"
        : bytes % GiB == 0 ? $"{bytes / GiB}GiB"
        : $"{bytes / MiB}MiB";
}
