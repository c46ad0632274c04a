using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Distributions;

/// <summary>
/// What may be asked of the package manager while an image is built. It would also take a file's path, and then run that
/// file's scripts on the host: a project's Machinefile must not be able to say so.
/// </summary>
internal static class DistributionPackage
{
    private static readonly Regex Form = new(
        "^[a-z0-9][a-z0-9+.-]*[a-z0-9+](:[a-z0-9]+)?(=[A-Za-z0-9][A-Za-z0-9.+~:-]*)?$", RegexOptions.ExplicitCapture, TimeLimit.OfPattern);

    /// <exception cref="MachineException">One of them is no package's name.</exception>
    public static void Check(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (!Form.IsMatch(name) || name.EndsWith('\n'))
            {
                throw new MachineException(
                    $"packages: {Tainted.Line(name)} is no name of a package", "write the name as the distribution does, for example nodejs, or nodejs=18.19.0+dfsg-6~deb12u1", ExitCode.MachineUnavailable);
            }
        }
    }
}
