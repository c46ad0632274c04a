using System.Xml;
using System.Xml.Linq;

namespace Machine.Tool.Enclosure;

/// <summary>What MSBuild evaluates of a file before its first element, and that element.</summary>
internal sealed record ProjectHead(XElement Root)
{
    public XElement? First => Root.Elements().FirstOrDefault();

    /// <summary>An SDK named at the root, or by an Sdk element wherever it stands: its props are imported before anything else.</summary>
    public string? Sdk => Root.Attribute("Sdk")?.Value ?? Root.Elements().FirstOrDefault(element => element.Name.LocalName == "Sdk")?.Attribute("Name")?.Value;

    /// <summary>Measured: InitialTargets, DefaultTargets and TreatAsLocalProperty are expanded, property functions too, before the first import.</summary>
    public bool HasExpression => Root.Attributes().Any(attribute => attribute.Value.Contains("$(", StringComparison.Ordinal));

    /// <summary>Null where it is no XML.</summary>
    public static ProjectHead? TryRead(string text)
    {
        try
        {
            return XDocument.Parse(text).Root is { } root ? new ProjectHead(root) : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
