namespace Machine.Tool.Hosting;

/// <summary>The runtime folder may lie in a place where everybody writes: it must be ours alone.</summary>
internal static class RuntimeOwner
{
    /// <exception cref="MachineException">Somebody else made it, or others may enter it.</exception>
    public static void Check(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        try
        {
            // Only the owner may change the mode: this fails on a folder that another user planted.
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) & ~others);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException(
                $"the runtime folder {folder} belongs to another user", "remove it, or set XDG_RUNTIME_DIR to a folder of yours", ExitCode.MachineUnavailable, e);
        }

        if (new DirectoryInfo(folder).LinkTarget is not null)
        {
            throw new MachineException($"the runtime folder {folder} is a link", "remove it", ExitCode.MachineUnavailable);
        }
    }
}
