using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>Whether code of the project one stands in could run on this host.</summary>
internal static class EnclosureCheck
{
    private const string Name = "open to this host";

    public static IEnumerable<CheckResult> Run(string folder, MachinePaths paths)
    {
        if (ProjectRoot.TryFind(folder) is not { } project)
        {
            return [];
        }

        var openings = Openings.Of(project, paths, DotnetRoot.Find());
        return openings.Count == 0
            ? [CheckResult.Ok(Name, "no way was found")]
            : openings.Select(opening => new CheckResult(Name, CheckStatus.Warning, $"{opening.Where}: {opening.Meaning}", opening.Remedy));
    }
}
