using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>The Machinefile of the project one stands in.</summary>
internal static class ProjectCheck
{
    private const string Name = "Machinefile";

    public static CheckResult Run(string folder, MachinePaths paths)
    {
        try
        {
            var project = ProjectRoot.Find(folder);
            var approvals = new ApprovalStore(paths);
            var plan = approvals.PlanOf(MachinefileReader.Read(project), project);
            return approvals.IsApproved(project, plan)
                ? CheckResult.Ok(Name, project.Machinefile)
                : new CheckResult(Name, CheckStatus.Warning, $"{project.Machinefile} asks for more than its own project, and nobody approved it yet", "dotnet machine plan, then dotnet machine start");
        }
        catch (MachineException e) when (ProjectRoot.IsAbsent(folder))
        {
            return new CheckResult(Name, CheckStatus.Warning, e.Message, "dotnet-machine init");
        }
        catch (MachineException e)
        {
            return new CheckResult(Name, CheckStatus.Failed, e.Message, e.Remedy);
        }
    }
}
