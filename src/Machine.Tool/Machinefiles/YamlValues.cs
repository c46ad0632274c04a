using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Values of keys in a document whose shapes were checked; null where the key is not there.</summary>
internal static class YamlValues
{
    public static string? Text(YamlMap? map, Key key) => (map?.Find(key.Name) as YamlScalar)?.Value;

    public static List<string>? Texts(YamlMap? map, Key key) =>
        (map?.Find(key.Name) as YamlList)?.Items.Cast<YamlScalar>().Select(item => item.Value).ToList();

    public static long? Size(YamlMap map, Key key) => Text(map, key) is { } text ? ByteSize.TryParse(text) : null;

    /// <summary>A number and <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>; null also for <c>never</c>.</summary>
    public static TimeSpan? Time(YamlMap map, Key key) =>
        Text(map, key) is not { } text || text == "never" ? null : ShortTime.Parse(text);
}
