namespace Machine.Tool.Hosting;

/// <summary>The folder that holds the Machinefile, by its real path, and the machine's id derived from it.</summary>
/// <param name="Path">Absolute, links resolved.</param>
internal sealed record ProjectRoot(string Path)
{
    public const string MachinefileName = "Machinefile";

    public string Machinefile => System.IO.Path.Combine(Path, MachinefileName);

    public MachineId MachineId => MachineId.OfProject(Path);

    /// <summary>The nearest folder at or above <paramref name="start"/> that holds a Machinefile.</summary>
    /// <exception cref="MachineException">There is none, or it is another user's.</exception>
    public static ProjectRoot Find(string start)
    {
        var project = Nearest(start) ?? throw new MachineException(
            $"no Machinefile in {start} or above it",
            "dotnet-machine init   (writes one that fits this project)",
            ExitCode.MachineUnavailable);
        return TrustedOwner.Flaw(project.Machinefile) is not { } flaw ? project : throw new MachineException(
            $"{project.Machinefile} is not taken: {flaw}, and a Machinefile decides what runs",
            $"if it is yours to trust: chown or chmod it, or {TrustedOwner.Variable}={project.Path}   (a pipeline whose container runs as another user than its checkout does that); "
            + "else: dotnet-machine init, in your own folder",
            ExitCode.MachineUnavailable);
    }

    /// <summary>Null where there is none that this user takes.</summary>
    public static ProjectRoot? TryFind(string start) => Nearest(start) is { } project && TrustedOwner.Flaw(project.Machinefile) is null ? project : null;

    /// <summary>There is no Machinefile at or above the folder, whoever owns it.</summary>
    public static bool IsAbsent(string start) => Nearest(start) is null;

    private static ProjectRoot? Nearest(string start)
    {
        for (var folder = RealPath(start); folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (File.Exists(System.IO.Path.Combine(folder, MachinefileName)))
            {
                return new ProjectRoot(folder);
            }
        }

        return null;
    }

    /// <summary>Resolves every link in the path, as the kernel would.</summary>
    public static string RealPath(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        var root = System.IO.Path.GetPathRoot(full)!;
        var real = root;
        var hops = 0;
        var parts = new Stack<string>(full[root.Length..].Split(System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse());
        while (parts.TryPop(out var part))
        {
            if (part == "..")
            {
                real = System.IO.Path.GetDirectoryName(real) ?? root;
                continue;
            }

            if (part == ".")
            {
                continue;
            }

            var next = System.IO.Path.Combine(real, part);
            var target = new FileInfo(next).LinkTarget;
            if (target is null || ++hops > 40)
            {
                real = next;
                continue;
            }

            if (System.IO.Path.IsPathRooted(target))
            {
                real = System.IO.Path.GetPathRoot(target)!;
            }

            foreach (var piece in target.Split(System.IO.Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                parts.Push(piece);
            }
        }

        return real;
    }
}
