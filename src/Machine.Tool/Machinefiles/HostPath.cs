using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Paths of the host, as a Machinefile writes them.</summary>
internal static class HostPath
{
    /// <summary>The real path on this host, or null (and a problem) where there can be none.</summary>
    public static string? Resolve(YamlScalar path, ProjectRoot project, HostFacts host, Problems problems)
    {
        try
        {
            var text = path.Value == "~" || path.Value.StartsWith("~/", StringComparison.Ordinal) ? host.Home + path.Value[1..] : path.Value;
            return ProjectRoot.RealPath(Path.Combine(project.Path, text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(path, $"{Printable.Quote(path.Value)}: {Printable.Escape(e.Message)}", "a folder or file of this host");
            return null;
        }
    }
}
