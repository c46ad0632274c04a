namespace Machine.Tool.Hosting;

/// <summary>
/// Folders that no other user of the host planted, may write to, or may put another one in the place of. What passed once stays what it
/// is: only its owner can replace it, so nothing has to be looked at again between the check and the use.
/// </summary>
internal static class OwnFolder
{
    private const uint Others = 0x3F;

    /// <summary>A folder of sockets: a folder and no link, owned by this user, with no permission for anybody else. Root is held to it, too.</summary>
    /// <returns>False where there is none yet.</returns>
    /// <exception cref="MachineException">It is somebody else's, or may be.</exception>
    public static bool RequirePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return Directory.Exists(folder);
        }

        if (Look(folder) is not { } found)
        {
            return false;
        }

        var flaw =
            found.IsLink ? "is a link"
            : !found.IsFolder ? "is no folder"
            : found.Owner != UnixFile.Me ? $"belongs to another user ({Name(found.Owner)})"
            : (found.Mode & Others) != 0 ? $"is open to other users (its mode is {found.Permissions}): whatever lies in it may be theirs"
            : FlawAbove(folder);
        return flaw is null ? true : throw new MachineException(
            $"the runtime folder {folder} {flaw}; nothing in it was used",
            $"remove it (rm -rf {folder}; where another user made it, root can), or set XDG_RUNTIME_DIR to a folder of yours with mode 0700",
            ExitCode.MachineUnavailable);
    }

    /// <summary>Makes a folder of sockets, or finds the one that this user made.</summary>
    /// <exception cref="MachineException">It can't be made, or somebody else was there first.</exception>
    public static string CreatePrivate(string folder)
    {
        // mkdir with mode 0700 either makes it or leaves what is there, which is then looked at.
        MachinePaths.CreatePrivate(folder);
        RequirePrivate(folder);
        return folder;
    }

    /// <summary>Where state is kept: other users may read what its files let them, and change nothing.</summary>
    /// <exception cref="MachineException">It is somebody else's, or others may write to it.</exception>
    public static void RequireOwn(string folder)
    {
        if (OperatingSystem.IsWindows() || Look(ProjectRoot.RealPath(folder)) is not { } found)
        {
            return;
        }

        var flaw =
            !found.IsFolder ? "is no folder"
            : found.Owner != UnixFile.Me ? $"belongs to another user ({Name(found.Owner)})"
            : IsOpen(found) && FileOwners.AreKept(folder) ? $"can be written by other users (its mode is {found.Permissions})"
            : FlawAbove(ProjectRoot.RealPath(folder));
        if (flaw is not null)
        {
            throw new MachineException(
                $"the state folder {folder} {flaw}: keys, images and approvals in it could be theirs",
                $"chmod go-w {folder}, or set MACHINE_HOME to a folder of yours",
                ExitCode.MachineUnavailable);
        }
    }

    /// <summary>A folder, no link, in which only this user (root too is held to it) can have made what lies there; false where there is nothing.</summary>
    public static bool IsMine(string folder) =>
        OperatingSystem.IsWindows()
            ? Directory.Exists(folder)
            : Look(folder) is { IsFolder: true, IsLink: false } found && found.Owner == UnixFile.Me && ((found.Mode & (UnixFile.OthersWrite | UnixFile.GroupWrite)) == 0 || !FileOwners.AreKept(folder));

    /// <exception cref="MachineException">Somebody else may have made what lies in it.</exception>
    public static void RequireMine(string folder)
    {
        if (!IsMine(folder))
        {
            throw new MachineException(
                $"{folder} is another user's, a link, or others may write to it: nothing of it is used",
                "set MACHINE_HOME to a folder of your own, or take the others' right away: chmod go-w",
                ExitCode.MachineUnavailable);
        }
    }

    /// <summary>As the XDG specification wants it: of this user, with mode 0700.</summary>
    public static bool IsPrivate(string folder)
    {
        try
        {
            return OperatingSystem.IsWindows()
                || (Look(folder) is { IsFolder: true } found && found.Owner == UnixFile.Me && (found.Mode & Others) == 0);
        }
        catch (MachineException)
        {
            return false;
        }
    }

    /// <summary>Another user owns it, or may write to it; false where there is nothing.</summary>
    public static bool IsOpenToOthers(string folder) =>
        !OperatingSystem.IsWindows() && Look(folder) is { } found && ((found.Owner != UnixFile.Me && found.Owner != 0) || (IsOpen(found) && FileOwners.AreKept(folder)));

    /// <summary>For a person: the number and, where it is told cheaply, whose.</summary>
    public static string Name(uint user) => user == 0 ? "root" : $"user {user}";

    // Whoever may write to a folder above, or owns it, may put another folder in the place of this one.
    private static string? FlawAbove(string folder)
    {
        for (var above = Path.GetDirectoryName(folder); above is not null; above = Path.GetDirectoryName(above))
        {
            if (Look(above) is not { } found)
            {
                continue;
            }

            if (found.Owner != UnixFile.Me && found.Owner != 0)
            {
                return $"lies in {above}, which belongs to another user ({Name(found.Owner)})";
            }

            if (!found.IsLink && IsOpen(found) && !found.IsSticky && FileOwners.AreKept(above))
            {
                return $"lies in {above}, where other users may replace it (its mode is {found.Permissions})";
            }

            if (found.IsLink && FlawAbove(Path.Combine(ProjectRoot.RealPath(above), "_")) is { } flaw)
            {
                return flaw;
            }
        }

        return null;
    }

    // A user's own group, of the same number, has nobody else in it; nor has root's.
    private static bool IsOpen(UnixFile found) =>
        (found.Mode & UnixFile.OthersWrite) != 0 || ((found.Mode & UnixFile.GroupWrite) != 0 && found.Group != 0 && found.Group != UnixFile.Me);

    private static UnixFile? Look(string path)
    {
        try
        {
            return OperatingSystem.IsWindows() ? null : UnixFile.TryLook(path);
        }
        catch (IOException e)
        {
            throw new MachineException($"cannot tell whose {path} is: {e.Message}", "set XDG_RUNTIME_DIR and MACHINE_HOME to folders of yours", ExitCode.MachineUnavailable, e);
        }
    }
}
