using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>
/// The nuget.config files of a project and of the folders above it that are not the user's own, what of them nobody needs to be asked
/// about, and what a person has to approve. NuGet sees nothing of them before that.
/// </summary>
/// <param name="Files">The nearest first; what is judged and shown is these bytes, and no others are used.</param>
/// <param name="Asks">What widens the boundary.</param>
/// <param name="Unused">What is never taken from a project.</param>
internal sealed record ProjectSources(ProjectRoot? Project, IReadOnlyList<ConfigFile> Files, IReadOnlyList<SourceAsk> Asks, IReadOnlyList<string> Unused)
{
    private long looked;
    private bool changed;

    /// <summary>The configuration of the user and of this host alone.</summary>
    public static ProjectSources None { get; } = new(null, [], [], []);

    /// <param name="users">The user's files, the nearest first; null: those of this host.</param>
    /// <exception cref="MachineException">A file is wrong, or the project's would count as the user's.</exception>
    public static ProjectSources Read(ProjectRoot project, IReadOnlyList<string>? users = null)
    {
        UserConfig.RequireOutside(project);
        users ??= UserConfig.Files();
        var paths = ConfigFile.AtOrAbove(project.Path, users).ToList();
        return paths.Count == 0
            ? new ProjectSources(project, [], [], [])
            : Judge(project, [.. paths.Select(path => ConfigFile.Read(path, isUsers: false))], users);
    }

    /// <summary>The same bytes beside the user's configuration as it is now.</summary>
    /// <exception cref="MachineException">A file of the user's is wrong.</exception>
    public ProjectSources JudgedAnew(IReadOnlyList<string>? users = null) => Files.Count == 0 ? this : Judge(Project!, Files, users ?? UserConfig.Files());

    /// <summary>Whether the files say something else by now. Looks every other second at most.</summary>
    public bool IsOutdated(IReadOnlyList<string>? users = null)
    {
        var now = Environment.TickCount64;
        if (Project is null || changed || now - Interlocked.Read(ref looked) < 2000)
        {
            return changed;
        }

        Interlocked.Exchange(ref looked, now);
        try
        {
            var paths = ConfigFile.AtOrAbove(Project.Path, users ?? UserConfig.Files()).ToList();
            changed = !paths.SequenceEqual(Files.Select(file => file.Path))
                || !paths.Select(path => ConfigFile.Read(path, isUsers: false).Hash).SequenceEqual(Files.Select(file => file.Hash));
        }
        catch (MachineException)
        {
            changed = true;
        }

        return changed;
    }

    private static ProjectSources Judge(ProjectRoot project, IReadOnlyList<ConfigFile> files, IReadOnlyList<string> users)
    {
        var known = users.Select(path => ConfigFile.Read(path, isUsers: true)).ToList();
        var judgement = new SourceJudgement(project, SourceSet.Of(known), SourceSet.Of(files.Concat(known)), files);
        return new ProjectSources(project, files, [.. judgement.Asks()], [.. judgement.Unused()]);
    }
}

/// <summary>One thing that a project's nuget.config asks of the host.</summary>
/// <param name="Text">For a person; fit for a terminal.</param>
/// <param name="Identity">The file by place and content, and what of it is asked.</param>
internal sealed record SourceAsk(string Text, IReadOnlyList<string> Identity)
{
    public bool IsSame(SourceAsk other) => Identity.SequenceEqual(other.Identity, StringComparer.Ordinal);
}
