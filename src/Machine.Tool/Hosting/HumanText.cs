namespace Machine.Tool.Hosting;

/// <summary>Numbers as people read them.</summary>
internal static class HumanText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Size(long bytes)
    {
        double size = bytes;
        var unit = 0;
        for (; size >= 1024 && unit < Units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return unit == 0 ? $"{bytes} B" : $"{size:0.#} {Units[unit]}";
    }

    public static string Age(DateTimeOffset since, DateTimeOffset now) => (now - since) switch
    {
        { TotalSeconds: < 60 } age => $"{Math.Max(0, (int)age.TotalSeconds)} s",
        { TotalMinutes: < 60 } age => $"{(int)age.TotalMinutes} min",
        { TotalHours: < 48 } age => $"{(int)age.TotalHours} h",
        var age => $"{(int)age.TotalDays} days",
    };

    public static string Count(int count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{count} {many ?? one + "s"}";
}
