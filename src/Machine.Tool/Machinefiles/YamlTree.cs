using Machine.Tool.Hosting;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Reads one YAML document into nodes with positions. Refuses what a Machinefile never needs and a hostile one would use:
/// anchors and aliases, tags, several documents, deep nesting.
/// </summary>
internal sealed class YamlTree
{
    private const int Deepest = 16;
    private const int MostEntries = 1000;

    private readonly Parser parser;
    private readonly Problems problems;
    private int depth;

    private YamlTree(string text, Problems problems)
    {
        parser = new Parser(new StringReader(text));
        this.problems = problems;
    }

    /// <summary>The document's value, or null when the file is empty (or holds comments alone).</summary>
    /// <exception cref="MachineException">It is not YAML, or not of the kind that is read here.</exception>
    public static YamlNode? Read(string text, string file)
    {
        var problems = new Problems(file);
        var tree = new YamlTree(text, problems);
        YamlNode? root;
        try
        {
            root = tree.Document();
        }
        catch (YamlException e)
        {
            problems.Add(Number(e.Start.Line), Number(e.Start.Column), NotYaml(Printable.Escape(e.Message)));
            throw problems.ToException(e);
        }
        catch (Exception e) when (e is not MachineException)
        {
            // The parser answers some malformed input (an escape beyond Unicode) with exceptions of the framework.
            var at = tree.parser.Current?.End ?? Mark.Empty;
            problems.Add(Number(at.Line), Number(at.Column), NotYaml("a character or an escape that it does not have"));
            throw problems.ToException(e);
        }

        problems.ThrowIfAny();
        return root;
    }

    private static Flaw NotYaml(string why) =>
        new($"not valid YAML: {why}", "check the indentation, the quotes and the brackets around here");

    private static int Number(long number) => (int)Math.Clamp(number, 1, int.MaxValue);

    private YamlNode? Document()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            return null;
        }

        parser.Consume<DocumentStart>();
        var root = Node();
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
        {
            throw Stop(second, "a second YAML document", "a Machinefile is one document: remove the line `---` and what follows");
        }

        return root is YamlScalar { IsNull: true } ? null : root;
    }

    private YamlNode Node()
    {
        if (parser.Accept<AnchorAlias>(out var alias))
        {
            throw Stop(alias, "aliases are not supported", "write the value out where it is used; a text that begins with a star stands in quotes");
        }

        var start = parser.Consume<NodeEvent>();
        if (!start.Anchor.IsEmpty)
        {
            throw Stop(start, "anchors are not supported", "write the value out where it is used");
        }

        if (!start.Tag.IsEmpty)
        {
            throw Stop(start, "tags are not supported", "write the value without its tag");
        }

        if (++depth > Deepest)
        {
            throw Stop(start, $"nested more than {Deepest} levels deep", "a Machinefile needs four");
        }

        YamlNode node = start switch
        {
            Scalar scalar => Text(scalar),
            SequenceStart => List(start),
            _ => Map(start),
        };
        depth--;
        return node;
    }

    private YamlScalar Text(Scalar scalar)
    {
        var node = new YamlScalar(Line(scalar), Column(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain);
        for (var i = 0; i < node.Value.Length; i++)
        {
            // Escapes ("\0", "\e") make characters that the text's own check could not see.
            if (Printable.IsDeceptive(node.Value, i))
            {
                problems.Add(node, $"the value holds the character U+{(int)node.Value[i]:X4}, which is not allowed", "remove the escape");
                break;
            }
        }

        return node;
    }

    private YamlList List(NodeEvent start)
    {
        var items = new List<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Node());
            Limit(items.Count, items[^1]);
        }

        return new YamlList(Line(start), Column(start), items);
    }

    private YamlMap Map(NodeEvent start)
    {
        var entries = new List<KeyValuePair<YamlScalar, YamlNode>>();
        var seen = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        for (var count = 1; !parser.TryConsume<MappingEnd>(out _); count++)
        {
            var key = Node();
            var value = Node();
            Limit(count, key);
            if (key is not YamlScalar name)
            {
                problems.Add(key, $"{key.Kind} can't be a key", "a key is a word");
            }
            else if (seen.TryGetValue(name.Value, out var first))
            {
                problems.Add(name, $"the key {Printable.Quote(name.Value)} is there twice, first in line {first.Line}", "remove one of them");
            }
            else
            {
                seen.Add(name.Value, name);
                entries.Add(new(name, value));
            }
        }

        return new YamlMap(Line(start), Column(start), entries);
    }

    private void Limit(int count, YamlNode at)
    {
        if (count > MostEntries)
        {
            problems.Add(at, $"more than {MostEntries} entries", "a Machinefile is a page of text");
            throw problems.ToException();
        }
    }

    private MachineException Stop(ParsingEvent at, string what, string remedy)
    {
        problems.Add(Line(at), Column(at), new Flaw(what, remedy));
        return problems.ToException();
    }

    private static int Line(ParsingEvent at) => Number(at.Start.Line);

    private static int Column(ParsingEvent at) => Number(at.Start.Column);
}
