using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>A link to a folder. On Windows a junction: a symbolic link would need a privilege there.</summary>
internal static class FolderLink
{
    public static void Create(string path, string target)
    {
        if (!OperatingSystem.IsWindows())
        {
            Directory.CreateSymbolicLink(path, target);
            return;
        }

        using var process = HostProgram.Start("cmd.exe", [], start =>
        {
            start.Arguments = JunctionArguments(path, target);
            start.CreateNoWindow = true;
            start.RedirectStandardOutput = true;
        });
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new MachineException($"the junction {path} to {target} could not be made (mklink: {process.ExitCode})");
        }
    }

    // mklink is a command of the shell's, which cuts words itself: quotes can't be in a Windows path.
    internal static string JunctionArguments(string path, string target) => $"/d /c mklink /J \"{path}\" \"{target}\"";
}
