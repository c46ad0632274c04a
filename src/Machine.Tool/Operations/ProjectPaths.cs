using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>Between what a person types and reads (relative to where they are, as git does) and the project's own paths.</summary>
/// <param name="directory">Where the command was typed; at or below the project.</param>
internal sealed class ProjectPaths(string project, string directory)
{
    /// <exception cref="MachineException">It lies outside of the project.</exception>
    public string FromTyped(string typed)
    {
        var relative = Path.GetRelativePath(project, Path.GetFullPath(Path.Combine(directory, typed))).Replace('\\', '/').TrimEnd('/');
        return relative == ".." || relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative)
            ? throw new MachineException($"{Tainted.Line(typed)} is outside of the project {project}", exitCode: ExitCode.Usage)
            : relative;
    }

    /// <summary>Safe to print.</summary>
    public string Shown(Change change) =>
        // A refused name may climb or be absolute; it is shown as it is.
        Tainted.Line(change.Class == ChangeClass.Refused ? change.Path : Path.GetRelativePath(directory, Path.Combine(project, change.Path)).Replace('\\', '/'));
}
