namespace Machine.Tool.Engines.Qemu;

/// <summary>The host's processor, by name: a probe's answer and a frozen machine hold for this one only.</summary>
internal static class HostProcessor
{
    public static string Model()
    {
        if (OperatingSystem.IsLinux())
        {
            // arm64 kernels give numbers instead of a name.
            var lines = File.ReadLines("/proc/cpuinfo").TakeWhile(line => line.Length > 0)
                .Where(line => line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("CPU ", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(':') + 1)..].Trim());
            return string.Join(' ', lines);
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? $"{Environment.MachineName} {Environment.ProcessorCount}";
    }
}
