using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Supervision;

/// <summary>
/// Whose a machine is, beyond its path: <c>project.json</c> of its state folder. Its disks, held changes and outputs were written by the
/// guest of that project, and no other project that comes to lie at the same path inherits them.
/// </summary>
internal static class MachineProject
{
    private const string FileName = "project.json";
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(SupervisionTypes.Default);

    /// <summary>As it was at the last start; null where none is known.</summary>
    public static ProjectMark? Known(string state) => TryRead(Path.Combine(state, FileName));

    /// <exception cref="MachineException">Another project lies there now.</exception>
    public static void Require(MachineFolders folders)
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
    public static void Remember(MachineFolders folders)
    {
        var now = ProjectMark.Of(folders.Project);
        if (TryRead(Kept(folders.State)) is { } destroyed && !destroyed.IsSame(now))
        {
            // What its machine brought would be taken for this one's own, and overwritten unasked.
            ChangeLedger.Forget(folders.State);
            File.Delete(Kept(folders.State));
        }

        if (Directory.Exists(folders.State) && Known(folders.State) != now)
        {
            JsonState.Write(Path.Combine(folders.State, FileName), now, Json);
        }
    }

    /// <summary>Before a machine's folder is deleted: whose the list of what it brought is.</summary>
    public static void Keep(string state)
    {
        ChangeLedger.Keep(state);
        if (File.Exists(Path.Combine(state, FileName)))
        {
            File.Copy(Path.Combine(state, FileName), Kept(state), overwrite: true);
        }
    }

    private static string Kept(string state) => Path.Combine(Path.GetDirectoryName(state)!, $".{Path.GetFileName(state)}.{FileName}");

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
