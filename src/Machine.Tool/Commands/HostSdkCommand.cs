using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Commands;

/// <summary>
/// The few dotnet commands that a machine project leaves to this host's own SDK: this tool itself and its templates, which
/// have to be on the host. They are known word by word; whatever else is typed goes inside.
/// </summary>
internal static class HostSdkCommand
{
    private const string Tool = "Machine.Tool";
    private const string Templates = "Machine.Templates";

    public static bool Takes(string[] args) => IsToolPackage(args) || IsTemplatePackage(args) || IsTemplate(args);

    /// <exception cref="MachineException">This host has no SDK.</exception>
    public static int Run(string[] args)
    {
        var root = DotnetRoot.Find();
        var sdks = root is null ? [] : Directory.EnumerateDirectories(Path.Combine(root, "sdk")).Select(folder => SdkVersion.TryParse(Path.GetFileName(folder))).OfType<SdkVersion>();
        var version = SdkPolicy.Latest.Choose(sdks) ?? throw new MachineException("this host has no .NET SDK of its own", "install it", ExitCode.MachineUnavailable);

        // As dnx does it: exec asks no global.json.
        string[] words = ["exec", Path.Combine(root!, "sdk", version.ToString(), "dotnet.dll"), .. args];
        if (IsTemplate(args))
        {
            RefuseBesideProject(args);
        }

        using var process = HostProgram.Start(Path.Combine(root!, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"), words, start =>
        {
            if (!IsTemplate(args))
            {
                // A nuget.config of the project must not choose where this host's tools come from.
                start.WorkingDirectory = Path.GetPathRoot(root!)!;
            }
        });
        process.WaitForExit();
        return process.ExitCode;
    }

    private static bool IsToolPackage(string[] args) =>
        args is ["tool", "install" or "update" or "uninstall", .. var rest]
        && Only(rest, Tool, ["-g", "--global", "--prerelease", "--allow-downgrade"], ["--version"])
        && rest.Any(word => word is "-g" or "--global");

    private static bool IsTemplatePackage(string[] args) =>
        args is ["new", "install" or "uninstall", var package]
        && (package == Templates || package.StartsWith(Templates + "::", StringComparison.Ordinal) || package.StartsWith(Templates + "@", StringComparison.Ordinal));

    // Only as they are documented: another spelling of --output or --project would hide from the check of the folder.
    private static bool IsTemplate(string[] args) =>
        args is ["new", "machine" or "machine-webapi" or "machine-console" or "machine-library", .. var rest]
        && !rest.Any(word => word is ['@', ..] or ['-', 'o', _, ..] || word.StartsWith("--output=", StringComparison.Ordinal) || word.StartsWith("--output:", StringComparison.Ordinal)
            || word.StartsWith("--project", StringComparison.Ordinal) || word.StartsWith("--debug", StringComparison.Ordinal));

    // Measured: dotnet new evaluates the project that lies at or above the place it writes to, whatever the template.
    private static void RefuseBesideProject(string[] args)
    {
        var option = Array.FindIndex(args, word => word is "-o" or "--output");
        var place = option >= 0 && option + 1 < args.Length ? args[option + 1] : ".";
        for (var folder = Path.GetFullPath(place); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.*proj").FirstOrDefault() is { } file)
            {
                throw new MachineException($"dotnet new would evaluate {file} on this host", "give a folder that has no project at or above it: -o PATH", ExitCode.MachineUnavailable);
            }
        }
    }

    // No --source: a relative one, or one that the project's documents advise, is no business of this host's tools.
    private static bool Only(string[] words, string package, string[] flags, string[] withValue)
    {
        var packages = 0;
        for (var i = 0; i < words.Length; i++)
        {
            if (withValue.Contains(words[i]) && i + 1 < words.Length && !words[i + 1].StartsWith('-'))
            {
                i++;
            }
            else if (string.Equals(words[i], package, StringComparison.OrdinalIgnoreCase))
            {
                packages++;
            }
            else if (!flags.Contains(words[i]))
            {
                return false;
            }
        }

        return packages == 1;
    }
}
