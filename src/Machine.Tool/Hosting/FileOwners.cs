namespace Machine.Tool.Hosting;

/// <summary>File systems that know no owners show everything as everybody's (a Windows disk below WSL): there a mode says nothing.</summary>
internal static class FileOwners
{
    private static readonly string[] Unknown = ["9p", "v9fs", "drvfs", "fuseblk", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "virtiofs", "vboxsf", "prl_fs", "hgfs"];

    /// <summary>Asked only where a mode looks wrong.</summary>
    public static bool AreKept(string path)
    {
        try
        {
            return !Unknown.Contains(new DriveInfo(path).DriveFormat, StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return true;
        }
    }
}
