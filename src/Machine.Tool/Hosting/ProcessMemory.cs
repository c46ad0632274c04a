namespace Machine.Tool.Hosting;

/// <summary>What a process takes of the host's memory.</summary>
internal static class ProcessMemory
{
    /// <summary>Proportional set size in bytes: pages shared with others counted by their share. Null where the system does not tell.</summary>
    public static long? ProportionalBytes(int processId)
    {
        try
        {
            var line = File.ReadLines($"/proc/{processId}/smaps_rollup").FirstOrDefault(text => text.StartsWith("Pss:", StringComparison.Ordinal));
            return line is null ? null : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
