using System.Text.RegularExpressions;

namespace Machine.Tool.Enclosure;

/// <summary>A Directory.Build.props below the root hides the root's, unless it begins with an import of the one above.</summary>
internal static partial class NestedProps
{
    /// <summary>Whether its first element leads up to another Directory.Build.props of the project, which is judged by itself.</summary>
    public static bool LeadsUp(string file, string text, string project)
    {
        // A condition may be false, and is evaluated on the host.
        if (ProjectHead.TryRead(text) is not { Sdk: null, HasExpression: false, First: { Name.LocalName: "Import" } import }
            || import.Attributes().Any(attribute => attribute.Name.LocalName != "Project") || import.Attribute("Project")?.Value is not { } target)
        {
            return false;
        }

        if (Search().IsMatch(target))
        {
            return true;
        }

        var folder = Path.GetDirectoryName(file)!;
        return Relative().Match(target) is { Success: true } match
            && Path.GetFullPath(Path.Combine(folder, match.Groups["path"].Value.Replace('\\', '/'))) is var above
            && File.Exists(above) && above.StartsWith(Path.TrimEndingDirectorySeparator(project) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    // From the folder above: from its own, it would find itself.
    [GeneratedRegex(@"^\s*\$\(\[MSBuild\]::(GetPathOfFileAbove\(\s*['""]?Directory\.Build\.props['""]?\s*,\s*['""]?\$\(MSBuildThisFileDirectory\)\.\.[\\/]?['""]?\s*\)\)|GetDirectoryNameOfFileAbove\(\s*['""]?\$\(MSBuildThisFileDirectory\)\.\.[\\/]?['""]?\s*,\s*['""]?Directory\.Build\.props['""]?\s*\)\)[\\/]Directory\.Build\.props)\s*$")]
    private static partial Regex Search();

    [GeneratedRegex(@"^\s*(\$\(MSBuildThisFileDirectory\))?(?<path>(\.\.[\\/])+Directory\.Build\.props)\s*$")]
    private static partial Regex Relative();
}
