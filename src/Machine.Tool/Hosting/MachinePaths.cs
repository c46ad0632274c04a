namespace Machine.Tool.Hosting;

/// <summary>Where this host's state lies. Nothing of it is inside a project, and no guest can reach it.</summary>
internal sealed class MachinePaths
{
    private MachinePaths(string home, string runtime)
    {
        Home = home;
        Runtime = runtime;
    }

    /// <summary>Images, machines, keys, package cache: <c>$MACHINE_HOME</c>, else the user's data folder.</summary>
    public string Home { get; }

    /// <summary>Sockets and locks of running machines. Short, because a Unix socket's path holds about 100 bytes.</summary>
    public string Runtime { get; }

    public string Images => Path.Combine(Home, "images");

    /// <summary>Warm templates: images that were booted, heated and frozen.</summary>
    public string Templates => Path.Combine(Home, "templates");

    public string Machines => Path.Combine(Home, "machines");

    /// <summary>Verified packages by content hash, shared by all machines of this host.</summary>
    public string Packages => Path.Combine(Home, "packages");

    public string Keys => Path.Combine(Home, "keys");

    /// <summary>What this user allows and denies machines of all projects to reach.</summary>
    public string PersonalNetwork => Path.Combine(Home, "network.json");

    /// <summary>Which packages this user lets into machines of all projects.</summary>
    public string PersonalRestore => Path.Combine(Home, "restore.json");

    public string Approvals => Path.Combine(Home, "approvals");

    /// <exception cref="MachineException">The home is another user's, others may write to it, or this user has none.</exception>
    public static MachinePaths FromEnvironment()
    {
        var home = Environment.GetEnvironmentVariable("MACHINE_HOME");
        if (string.IsNullOrEmpty(home))
        {
            home = Path.Combine(UserHome.Data ?? UserHome.Folder, "dotnet-machine");
        }

        OwnFolder.RequireOwn(home);
        return At(home);
    }

    /// <summary>The places of a given home.</summary>
    public static MachinePaths At(string home) => new(Path.GetFullPath(home), RuntimeFolder(Path.GetFullPath(home)));

    /// <summary>The state folder of one machine.</summary>
    public string MachineFolder(MachineId id) => Path.Combine(Machines, id.Text);

    /// <summary>The socket folder of one machine.</summary>
    public string MachineRuntime(MachineId id) => Path.Combine(Runtime, id.Short);

    /// <summary>The socket folder of one machine, made where it is missing.</summary>
    /// <exception cref="MachineException">Another user planted it, or the folder above it.</exception>
    public string CreateRuntime(MachineId id)
    {
        OwnFolder.CreatePrivate(Runtime);
        return OwnFolder.CreatePrivate(MachineRuntime(id));
    }

    /// <summary>Before anything in the socket folder of one machine is used; nothing is made.</summary>
    /// <exception cref="MachineException">Another user planted it, or the folder above it.</exception>
    public string RequireRuntime(MachineId id)
    {
        var folder = MachineRuntime(id);
        if (OwnFolder.RequirePrivate(Runtime))
        {
            OwnFolder.RequirePrivate(folder);
        }

        return folder;
    }

    /// <summary>Creates a folder that only this user can enter.</summary>
    /// <exception cref="MachineException">The place can't be written.</exception>
    public static string CreatePrivate(string folder)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException(
                $"cannot create the folder {folder}: {e.Message}",
                "make it writable, or set MACHINE_HOME to a folder that is",
                ExitCode.MachineUnavailable,
                e);
        }
    }

    // Two homes (tests, CI jobs) must not meet in one runtime folder.
    private static string RuntimeFolder(string home)
    {
        var root = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        if (string.IsNullOrEmpty(root) || root.Length > 40 || !Path.IsPathFullyQualified(root) || !Directory.Exists(root) || !OwnFolder.IsPrivate(root))
        {
            root = OperatingSystem.IsWindows() ? Path.GetTempPath() : "/tmp";
        }

        return Path.Combine(root, $"machine-{ShortHash.Of(Environment.UserName + '\n' + home)}");
    }
}
