using System.Text.RegularExpressions;
using System.Xml.Linq;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>Where MSBuild on the host, called from another folder or as a library, is not stopped before it evaluates.</summary>
internal static partial class NetOpenings
{
    private const string Init = "dotnet-machine init";

    public static IEnumerable<Opening> Of(string project)
    {
        foreach (var (folder, index) in OpenFolders.Of(project).Select((folder, index) => (folder, index)))
        {
            var openings = index == 0 ? AtRoot(folder) : Below(folder, project);
            foreach (var opening in openings.Concat(Projects(folder)).Concat(Solutions(folder)))
            {
                yield return opening;
            }
        }
    }

    private static IEnumerable<Opening> AtRoot(string folder)
    {
        var response = Path.Combine(folder, ResponseFileNet.FileName);
        if (Text(response) is not { } line || !ResponseFileNet.IsIn(line))
        {
            yield return new Opening(response, "it does not stop MSBuild on the host: dotnet build PATH from another folder evaluates the project", Init);
        }

        var props = Path.Combine(folder, PropsNet.FileName);
        if (Text(props) is not { } text || !PropsNet.IsFirstIn(text))
        {
            yield return new Opening(props, "its first group does not stop MSBuild on the host: an editor, or dotnet add PATH, evaluates the project", Init);
        }
    }

    private static IEnumerable<Opening> Below(string folder, string project)
    {
        var response = Path.Combine(folder, ResponseFileNet.FileName);
        if (Text(response) is { } line && !ResponseFileNet.IsIn(line))
        {
            yield return new Opening(response, "it hides the project's own, so MSBuild on the host is not stopped for the projects below", $"remove it, or copy the first lines of the root's {ResponseFileNet.FileName} into it");
        }

        var props = Path.Combine(folder, PropsNet.FileName);
        if (Text(props) is { } text && !PropsNet.IsFirstIn(text) && !NestedProps.LeadsUp(props, text, project))
        {
            yield return new Opening(props, "it hides the project's own and does not import it: editors evaluate the projects below", $"import the one above as its first element, without a condition, or copy the first group of the root's {PropsNet.FileName} into it");
        }
    }

    private static IEnumerable<Opening> Projects(string folder)
    {
        foreach (var file in Files(folder).Where(file => ProjectFile().IsMatch(file)))
        {
            if (Text(file) is not { } text)
            {
                continue;
            }

            var head = ProjectHead.TryRead(text);
            if (head is { HasExpression: true })
            {
                yield return new Opening(file, "an expression in its <Project> tag is evaluated before the net: property functions can read files and variables", "write the attribute without $(…)");
            }

            if (OptsOut().IsMatch(text))
            {
                yield return new Opening(file, $"it opts out of {PropsNet.FileName}: editors, and dotnet run PATH from another folder, evaluate it", "take that property out");
            }
            else if (ProjectFileOfItsOwn().IsMatch(file) && !(head is { Sdk: not null } || Imports(head?.First)))
            {
                yield return head?.Root.Elements().Any(Imports) == true
                    ? new Opening(file, $"what stands before its SDK's import is evaluated before {PropsNet.FileName} stops it", "move it below that import")
                    : new Opening(file, $"it uses no SDK, so it does not import {PropsNet.FileName}: editors evaluate it", $"import {PropsNet.FileName} as its first element");
            }
        }
    }

    private static bool Imports(XElement? element) =>
        element is { Name.LocalName: "Import" } && (element.Attribute("Sdk") is not null || element.Attribute("Project")?.Value.EndsWith(PropsNet.FileName, StringComparison.Ordinal) == true);

    // The in-memory project that a solution becomes imports these, and no Directory.Build.props.
    private static IEnumerable<Opening> Solutions(string folder) =>
        Files(folder).Where(file => SolutionImport().IsMatch(file) && Text(file) is { } text && !PropsNet.IsFirstIn(text))
            .Select(file => new Opening(file, "solutions import it past the net: with -noAutoResponse, MSBuild on the host evaluates it and runs its targets", $"copy the first group of the root's {PropsNet.FileName} into it, as its first element"));

    private static string[] Files(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? Text(string file)
    {
        try
        {
            return File.Exists(file) ? SmallFile.ReadText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\.(\w*proj|props|targets|user)$")]
    private static partial Regex ProjectFile();

    [GeneratedRegex(@"[\\/](Directory\.Solution\.(props|targets)|(before|after)\.[^\\/]+\.sln\.targets)$")]
    private static partial Regex SolutionImport();

    [GeneratedRegex(@"\.\w*proj$")]
    private static partial Regex ProjectFileOfItsOwn();

    [GeneratedRegex(@"\b(ImportDirectoryBuildProps|DirectoryBuildPropsPath|_DirectoryBuildPropsBasePath)\b")]
    private static partial Regex OptsOut();
}
