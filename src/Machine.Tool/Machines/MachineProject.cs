using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>
/// Whose a machine is, beyond its path: <c>project.json</c> of its state folder. Its disks, held changes and outputs were written by the
/// guest of that project, and no other project that comes to lie at the same path inherits them.
/// </summary>
internal static class MachineProject
{
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(MachineTypes.Default);

    /// <summary>As it was at the last start; null where none is known.</summary>
    public static ProjectMark? Known(string state) => TryRead(Path.Combine(state, OutlivingFile.Project));

    /// <exception cref="MachineException">Another project lies there now.</exception>
    public static void Require(ProjectMachine folders)
    {
        if (Known(folders.State) is { } known && ProjectMark.Of(folders.Project) is var now && !known.IsSame(now))
        {
            throw new MachineException(
                $"the machine {folders.Id} belongs to another project that lay at {folders.Project.Path}: {Difference(known, now)}; its disks and held changes are not handed on",
                "dotnet machine start --fresh   (deletes them, and begins anew), or, if it is the same project: dotnet machine start --keep",
                ExitCode.MachineUnavailable);
        }
    }

    /// <summary>From now on the machine is of the project that lies there.</summary>
    public static void Remember(ProjectMachine folders)
    {
        var now = ProjectMark.Of(folders.Project);
        if (TryRead(OutlivingFile.KeptPath(folders.State, OutlivingFile.Project)) is { } destroyed && !destroyed.IsSame(now))
        {
            // What its machine brought would be taken for this one's own, and overwritten unasked.
            OutlivingFile.ForgetAll(folders.State);
        }

        if (Directory.Exists(folders.State) && Known(folders.State) != now)
        {
            JsonState.Write(Path.Combine(folders.State, OutlivingFile.Project), now, Json);
        }
    }

    private static ProjectMark? TryRead(string file)
    {
        try
        {
            return JsonState.Read<ProjectMark>(file, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Difference(ProjectMark known, ProjectMark now) =>
        known.Origin is not null && now.Origin is not null
            ? $"its repository was {Tainted.Line(known.Origin)} and is {Tainted.Line(now.Origin)}"
            : "the folder was made anew since";
}
