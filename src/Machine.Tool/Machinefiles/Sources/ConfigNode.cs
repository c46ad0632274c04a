using System.Xml;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>An element of a nuget.config as it is written: nothing in it is expanded, resolved or fetched.</summary>
internal sealed record ConfigNode(string Name, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<ConfigNode> Children, string Text)
{
    // NuGet's own go to five.
    private const int Deepest = 16;

    // No document type, so no entity that grows or names another file.
    private static readonly XmlReaderSettings Strict = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = SmallFile.Usual,
    };

    public string? this[string attribute] => Attributes.GetValueOrDefault(attribute);

    /// <summary>The items of all sections of that name, in their order.</summary>
    public IEnumerable<ConfigNode> Section(string name) => Children.Where(child => child.Name == name).SelectMany(section => section.Children);

    /// <exception cref="XmlException">It is no configuration.</exception>
    public static ConfigNode Read(Stream xml)
    {
        using var reader = XmlReader.Create(xml, Strict);
        if (reader.MoveToContent() != XmlNodeType.Element || reader.LocalName != "configuration")
        {
            throw new XmlException("its root is not <configuration>");
        }

        var root = Element(reader, 1);
        while (reader.Read())
        {
            // What follows the root is read too: a file that breaks off or goes on is no configuration.
        }

        return root;
    }

    private static ConfigNode Element(XmlReader reader, int depth)
    {
        if (depth > Deepest)
        {
            throw new XmlException($"more than {Deepest} elements within one another");
        }

        var name = reader.LocalName;
        var empty = reader.IsEmptyElement;
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.MoveToNextAttribute())
        {
            attributes[reader.LocalName] = reader.Value;
        }

        List<ConfigNode> children = [];
        var text = "";
        while (!empty && reader.Read() && reader.NodeType != XmlNodeType.EndElement)
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                children.Add(Element(reader, depth + 1));
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
            {
                text += reader.Value;
            }
        }

        return new ConfigNode(name, attributes, children, text.Trim());
    }
}
