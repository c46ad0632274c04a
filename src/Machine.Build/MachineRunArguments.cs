using Machine.Build.Client;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace Machine.Build;

/// <summary>
/// The arguments with which <c>dotnet run</c> starts <c>dotnet-machine</c>: the same run inside, with the global properties of
/// this build (<c>-p:</c>, <c>-c</c>, <c>-r</c>, <c>--artifacts-path</c>), so that it looks where the build inside has written.
/// Forward.targets calls it; evaluation alone can't list global properties.
/// </summary>
public sealed class MachineRunArguments : Task
{
    /// <summary>The project, by its full path; it is the same inside.</summary>
    [Required]
    public string Project { get; set; } = "";

    /// <summary>For the property RunArguments; what <c>dotnet run</c> appends are the program's own arguments.</summary>
    [Output]
    public string Arguments { get; private set; } = "";

    /// <summary>Only computes.</summary>
    /// <returns>True.</returns>
    public override bool Execute()
    {
        var properties = ForwardedProperties.Of(Log, BuildEngine).Select(property => "-p:" + property);
        Arguments = CommandArguments.Join(["exec", "--", "dotnet", "run", "--no-build", "--project", Project, .. properties, "--"]);
        return true;
    }
}
