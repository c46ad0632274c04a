using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// The strictest package rules that a project's machine ever ran under. Rules only narrow, so nobody is asked for them; a commit that
/// takes one away is noticed by what is kept here, outside of every project.
/// </summary>
internal sealed class KnownRules(string folder)
{
    private const string Ending = "-restore.json";

    /// <exception cref="MachineException">They can't be read, so nobody can tell what a change would let in.</exception>
    public RestoreRules Of(ProjectRoot project)
    {
        var file = FileOf(project);
        try
        {
            return JsonState.Read<Kept>(file) is { } kept && kept.Project == project.Path && kept.Of.IsSame(ProjectMark.Of(project)) ? kept.Restore.ToRules() : RestoreRules.None;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MachineException($"{file} can't be read: {e.Message}", "remove it, and look at `restore` in the Machinefile: what it says then counts", ExitCode.MachineUnavailable, e);
        }
    }

    /// <exception cref="MachineException">The state folder can't be written.</exception>
    public void Remember(ProjectRoot project, RestoreSettings restore)
    {
        var before = Of(project);
        var now = before.StricterOf(restore.ToRules());
        if (JsonSerializer.Serialize(now.ToSettings()) == JsonSerializer.Serialize(before.ToSettings()))
        {
            return;
        }

        MachinePaths.CreatePrivate(folder);
        try
        {
            JsonState.Write(FileOf(project), new Kept(project.Path, now.ToSettings(), ProjectMark.Of(project)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot keep the package rules in {folder}: {e.Message}", "make it writable, or set MACHINE_HOME to a folder that is", ExitCode.MachineUnavailable, e);
        }
    }

    /// <summary>Lies among the approvals, and is none.</summary>
    public static bool IsOne(string file) => file.EndsWith(Ending, StringComparison.Ordinal);

    private string FileOf(ProjectRoot project) => Path.Combine(folder, project.MachineId + Ending);

    /// <param name="Of">The project that lay there: another one at the same path has rules of its own.</param>
    private sealed record Kept(string Project, RestoreSettings Restore, ProjectMark Of);
}
