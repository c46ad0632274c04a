using System.Reflection;

namespace Machine.Tool.Hosting;

/// <summary>This tool's version, as <c>--version</c> prints it.</summary>
internal static class ToolVersion
{
    public static string Current { get; } =
        typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
}
