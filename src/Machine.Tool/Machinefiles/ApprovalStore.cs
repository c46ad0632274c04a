using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Sources;

namespace Machine.Tool.Machinefiles;

/// <summary>What a person agreed to, as it is kept.</summary>
/// <param name="Lines">What was shown when the person agreed.</param>
/// <param name="Of">The project that lay there: another one at the same path has no approval. Null in what older versions kept.</param>
/// <param name="Items">What was agreed to, item by item. Null in what older versions kept.</param>
internal sealed record Approval(
    string Project, string PlanHash, IReadOnlyList<string> Lines, DateTimeOffset Approved, ProjectMark? Of = null, IReadOnlyList<IReadOnlyList<string>>? Items = null);

/// <summary>
/// Remembers which plans a person approved for which project. Outside of every project, so that neither a guest nor a
/// pulled commit can approve anything. One file for each pair: two processes never overwrite one another, and a plan that
/// comes back (another branch) is still approved.
/// </summary>
internal sealed class ApprovalStore(string folder)
{
    public ApprovalStore(MachinePaths paths)
        : this(paths.Approvals)
    {
    }

    /// <summary>What a Machinefile asks, what it lets in that this project's package rules kept out before too.</summary>
    /// <exception cref="MachineException">A nuget.config, or what the rules were, can't be read.</exception>
    public MachinePlan PlanOf(Machinefile machinefile, ProjectRoot project, HostFacts? host = null, ProjectSources? read = null) =>
        MachinePlan.From(machinefile, project, host, read, new KnownRules(folder).Of(project));

    /// <summary>For a plan that is used: package rules that are taken away later are asked about.</summary>
    public void Remember(ProjectRoot project, MachinePlan plan) => new KnownRules(folder).Remember(project, plan.Restore);

    /// <summary>True for a plan that widens nothing.</summary>
    public bool IsApproved(ProjectRoot project, MachinePlan plan)
    {
        // A plan that was made without what was known before says less than it does.
        if (PlanItems.OfLoosened(plan.Restore, new KnownRules(folder).Of(project)).Any(item => !plan.Widening.Any(shown => shown.Identity.SequenceEqual(item.Identity))))
        {
            return false;
        }

        if (!plan.WidensBoundary)
        {
            return true;
        }

        return IsKept(project, plan.Hash) || IsKept(project, plan.RoomyHash);
    }

    private bool IsKept(ProjectRoot project, string hash)
    {
        try
        {
            return JsonState.Read<Approval>(FileOf(project, hash)) is { } approval
                && approval.Project == project.Path
                && approval.PlanHash == hash
                && approval.Of?.IsSame(ProjectMark.Of(project)) != false;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // What can't be read is no yes.
            return false;
        }
    }

    /// <exception cref="MachineException">The state folder can't be written.</exception>
    public void Approve(ProjectRoot project, MachinePlan plan)
    {
        MachinePaths.CreatePrivate(folder);
        var lines = plan.Widening.Select(item => item.Text).ToList();
        try
        {
            JsonState.Write(FileOf(project, plan.Hash), new Approval(
                project.Path, plan.Hash, lines, DateTimeOffset.UtcNow, ProjectMark.Of(project), [.. plan.Widening.Select(item => item.Identity)]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot keep the approval in {folder}: {e.Message}", "make it writable, or set MACHINE_HOME to a folder that is", ExitCode.MachineUnavailable, e);
        }
    }

    /// <summary>Forgets what was agreed to for this project where an item of it is over: a plan that has it again is asked about.</summary>
    /// <param name="isOver">Whether an item is one that nobody agrees to any more.</param>
    /// <exception cref="MachineException">The state folder can't be written.</exception>
    public void Forget(ProjectRoot project, Func<IReadOnlyList<string>, bool> isOver)
    {
        try
        {
            foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder, $"{project.MachineId}-*.json") : [])
            {
                if (!KnownRules.IsOne(file) && IsOver(file))
                {
                    File.Delete(file);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot remove an approval of {folder}: {e.Message}", "make it writable, and do it again", ExitCode.MachineUnavailable, e);
        }

        bool IsOver(string file)
        {
            try
            {
                // One of an older version does not say what is in it.
                return JsonState.Read<Approval>(file) is { } approval && approval.Project == project.Path && approval.Items?.Any(isOver) != false;
            }
            catch (JsonException)
            {
                // No yes to this version; to another one it may be.
                return true;
            }
        }
    }

    private string FileOf(ProjectRoot project, string hash) =>
        Path.Combine(folder, $"{project.MachineId}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{project.Path}\0{hash}")))}.json");
}
