namespace Machine.Tool.Hosting;

/// <summary>
/// Whose configuration is taken. Whoever writes a Machinefile decides what runs and what comes back, so one of another user is none, in
/// whatever folder above it lies; git holds it so with repositories.
/// </summary>
internal static class TrustedOwner
{
    /// <summary>Folders whose files are taken whoever owns them, for checkouts of another user (a pipeline's container); as PATH is written.</summary>
    public const string Variable = "MACHINE_TRUST";

    /// <summary>Why the file is not taken; null where it is.</summary>
    /// <param name="file">Its folder's real path and its name.</param>
    public static string? Flaw(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        try
        {
            var folder = Path.GetDirectoryName(file)!;
            return Of(folder, folder, isFolder: true) ?? Of(file, folder, isFolder: false);
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private static string? Of(string path, string folder, bool isFolder)
    {
        if (OperatingSystem.IsWindows() || UnixFile.TryLook(path) is not { } found)
        {
            return null;
        }

        var flaw =
            !IsTrusted(found.Owner) ? $"{path} belongs to another user ({OwnFolder.Name(found.Owner)})"
            : !found.IsLink && (found.Mode & UnixFile.OthersWrite) != 0 && !(isFolder && found.IsSticky) && FileOwners.AreKept(path) ? $"every user of this host may write to {path} (its mode is {found.Permissions})"
            : null;
        return flaw is not null && IsNamed(folder) ? null : flaw;
    }

    // Root can do everything anyway. What sudo runs is the work of whoever called it.
    private static bool IsTrusted(uint owner) =>
        owner == 0 || owner == UnixFile.Me
        || (UnixFile.Me == 0 && uint.TryParse(Environment.GetEnvironmentVariable("SUDO_UID"), out var caller) && owner == caller);

    private static bool IsNamed(string folder) =>
        (Environment.GetEnvironmentVariable(Variable) ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(named => Path.TrimEndingDirectorySeparator(ProjectRoot.RealPath(named)))
            .Any(named => named.Length > 1 && (folder == named || folder.StartsWith(named + Path.DirectorySeparatorChar, StringComparison.Ordinal)));
}
