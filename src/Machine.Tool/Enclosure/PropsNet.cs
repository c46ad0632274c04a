using System.Xml;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>
/// The second mesh: a property of Directory.Build.props that can't be evaluated elsewhere. It holds where MSBuild is called as a
/// library, which reads no response file: dotnet run, add, format, watch, IDEs.
/// </summary>
internal static class PropsNet
{
    public const string FileName = "Directory.Build.props";

    public const string Sentence = "This repository builds inside its machine. Type dotnet build in its folder or dotnet-machine start where that fails";

    private const string Property = "MachineOutside";

    // A sentence is no version, so MSBuild fails with it in the message (MSB4184). Inside, the condition is false.
    private const string Group = $"""
          <!-- Outside of the machine nothing of this repository is evaluated: MSBuild stops here. dotnet-machine init wrote it; it stays first. -->
          <PropertyGroup Condition="'$({InsideVariables.Inside})' != '{InsideVariables.InsideValue}'">
            <{Property}>$([System.Version]::Parse('{Sentence}'))</{Property}>
          </PropertyGroup>

        """;

    /// <summary>Whether it stands first: what stood before it would be evaluated.</summary>
    public static bool IsFirstIn(string text) =>
        ProjectHead.TryRead(text) is { Sdk: null, HasExpression: false, First: { Name.LocalName: "PropertyGroup" } group }
        && group.Attribute("Condition")?.Value == $"'$({InsideVariables.Inside})' != '{InsideVariables.InsideValue}'"
        && group.Elements().FirstOrDefault() is { Name.LocalName: Property } property && property.Value.Contains("[System.Version]::Parse(", StringComparison.Ordinal);

    /// <exception cref="MachineException">The file is no MSBuild file, or the net can't be first in it.</exception>
    public static string Edit(string? text, string file)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return $"<Project>\n{Group}</Project>\n";
        }

        if (IsFirstIn(text))
        {
            return text;
        }

        RefuseWhatComesEarlier(text, file);
        if (text.Contains($"<{Property}>", StringComparison.Ordinal))
        {
            throw new MachineException($"{file} has the machine's PropertyGroup, but not as its first element", $"move the group with {Property} to the top of the file");
        }

        var group = text.Contains("\r\n", StringComparison.Ordinal) ? Group.Replace("\n", "\r\n", StringComparison.Ordinal) : Group;
        var (end, isEmpty) = RootTag(text, file);
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        // Up to the end of that line: the project's own first line keeps its place.
        return isEmpty
            ? $"{text[..end].TrimEnd('/', ' ')}>{newLine}{group}</Project>{text[(end + 1)..]}"
            : $"{text[..(end + 1)]}{newLine}{group.TrimEnd('\r', '\n')}{(text[end + 1] is '\r' or '\n' ? "" : newLine)}{text[(end + 1)..]}";
    }

    private static void RefuseWhatComesEarlier(string text, string file)
    {
        if (ProjectHead.TryRead(text) is not { } head)
        {
            return;
        }

        if (head.Sdk is { } sdk)
        {
            throw new MachineException(
                $"{file} names the SDK {sdk}, which MSBuild on this host would import before the machine's PropertyGroup",
                $"take it out of {FileName}, or import it by an element: <Import Project=\"Sdk.props\" Sdk=\"{sdk}\" />; then: dotnet-machine init");
        }

        if (head.HasExpression)
        {
            throw new MachineException(
                $"{file} has an expression in its <{head.Root.Name.LocalName}> tag, which MSBuild on this host would evaluate before the machine's PropertyGroup",
                "write the attribute without $(…), then: dotnet-machine init");
        }
    }

    // The reader finds where the tag begins; where it ends, only its quotes have to be known.
    private static (int End, bool IsEmpty) RootTag(string text, string file)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            reader.MoveToContent();
            var (line, column, isEmpty) = (((IXmlLineInfo)reader).LineNumber, ((IXmlLineInfo)reader).LinePosition, reader.IsEmptyElement);
            if (reader.LocalName != "Project")
            {
                throw new XmlException($"its root is <{reader.LocalName}>, not <Project>");
            }

            while (reader.Read())
            {
                // Only a whole file is edited.
            }

            var at = 0;
            for (; line > 1; line--)
            {
                at = text.IndexOf('\n', at) + 1;
            }

            char? quote = null;
            for (at += column - 1; quote is not null || text[at] != '>'; at++)
            {
                quote = quote is { } open ? (text[at] == open ? null : open) : text[at] is '"' or '\'' ? text[at] : null;
            }

            return (at, isEmpty);
        }
        catch (XmlException e)
        {
            throw new MachineException($"{file} can't be read: {e.Message}", "correct it, then: dotnet-machine init", ExitCode.Failed, e);
        }
    }
}
