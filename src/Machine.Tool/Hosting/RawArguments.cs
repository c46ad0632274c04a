namespace Machine.Tool.Hosting;

/// <summary>This process's arguments as the bytes they were given as: .NET's strings lose what is not UTF-8.</summary>
internal static class RawArguments
{
    /// <summary>The last <paramref name="count"/> arguments.</summary>
    public static IReadOnlyList<byte[]> Last(IReadOnlyList<string> arguments, int count)
    {
        var texts = arguments.Skip(arguments.Count - count).Select(System.Text.Encoding.UTF8.GetBytes).ToList();
        if (!OperatingSystem.IsLinux())
        {
            return texts;
        }

        var raw = Split(File.ReadAllBytes("/proc/self/cmdline"));
        return raw.Count >= count ? raw.GetRange(raw.Count - count, count) : texts;
    }

    internal static List<byte[]> Split(ReadOnlySpan<byte> commandLine)
    {
        var words = new List<byte[]>();
        while (commandLine.IndexOf((byte)0) is >= 0 and var end)
        {
            words.Add(commandLine[..end].ToArray());
            commandLine = commandLine[(end + 1)..];
        }

        return words;
    }
}
