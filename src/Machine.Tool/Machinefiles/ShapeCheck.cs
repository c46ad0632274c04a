using System.Globalization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Holds a document against the shapes of its keys and reports every difference.</summary>
internal sealed class ShapeCheck(MapShape root, Problems problems)
{
    public void Check(YamlNode document) => Check(document, root, "");

    private void Check(YamlNode node, Shape shape, string path)
    {
        switch (shape, node)
        {
            case (EitherShape either, YamlMap):
                Check(node, either.Long, path);
                break;
            case (EitherShape either, YamlScalar):
                Check(node, either.Short, path);
                break;
            case (ScalarShape expected, YamlScalar scalar):
                if (expected.Check(scalar) is { } flaw)
                {
                    problems.Add(scalar, path.Length == 0 ? flaw : flaw with { What = $"{path}: {flaw.What}" });
                }

                break;
            case (ListShape list, YamlList items):
                CheckItems(items, list, path);
                break;
            case (MapShape map, YamlMap entries):
                CheckEntries(entries, map, path);
                break;
            default:
                problems.Add(
                    node, $"{(path.Length == 0 ? "the file" : path)} must be {shape.Says}, not {node.Kind}", Remedy(shape, node));
                break;
        }
    }

    private static string? Remedy(Shape shape, YamlNode node) => (shape, node) switch
    {
        (ListShape, YamlScalar { IsNull: true }) => "write [] for none, or leave the key out",
        (ListShape, YamlScalar) => "put it into brackets: [ … ]",
        (_, YamlScalar { IsNull: true }) => "leave the key out to get its default",
        _ => null,
    };

    private void CheckItems(YamlList items, ListShape list, string path)
    {
        var seen = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        for (var i = 0; i < items.Items.Count; i++)
        {
            var item = items.Items[i];
            Check(item, list.Item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"));
            if (item is YamlScalar scalar && !seen.TryAdd(scalar.Value, scalar))
            {
                problems.Add(
                    scalar,
                    $"{path}: {Printable.Quote(scalar.Value)} is there twice, first in line {seen[scalar.Value].Line}",
                    "remove one of them");
            }
        }
    }

    private void CheckEntries(YamlMap entries, MapShape map, string path)
    {
        foreach (var (name, value) in entries.Entries)
        {
            var known = map.Keys.FirstOrDefault(key => key.Name == name.Value);
            var inner = path.Length == 0 ? Printable.Escape(name.Value) : $"{path}.{Printable.Escape(name.Value)}";
            if (known is not null)
            {
                Check(value, known.Shape, inner);
            }
            else if (map.Names is null || map.Others is null)
            {
                problems.Add(name, Unknown(name.Value, map, path));
            }
            else if (map.Names.Check(name.Value) is { } flaw)
            {
                problems.Add(name, flaw with { What = $"{path}: {flaw.What}" });
            }
            else
            {
                Check(value, map.Others, inner);
            }
        }

        foreach (var missing in map.Keys.Where(key => key.Required && entries.Find(key.Name) is null))
        {
            problems.Add(entries, $"{path}: the key `{missing.Name}` is missing", $"for example {missing.Example}");
        }

        if (map.ExactlyOne is { } one && one.Count(key => entries.Find(key) is not null) != 1)
        {
            problems.Add(entries, $"{path} needs exactly one of the keys {string.Join(", ", one)}");
        }
    }

    private Flaw Unknown(string name, MapShape map, string path)
    {
        var what = path.Length == 0 ? $"unknown key {Printable.Quote(name)}" : $"unknown key {Printable.Quote(name)} in {path}";
        if (Homes(root, "").FirstOrDefault(home => home.Name == name) is { Name: not null } elsewhere)
        {
            return new Flaw(what, elsewhere.Home.Length == 0 ? $"`{name}` is a key of the file itself: do not indent it" : $"`{name}` belongs under `{elsewhere.Home}`");
        }

        return new Flaw(what, NearestWord.Of(name, map.Keys.Select(key => key.Name)) is { } near
            ? $"did you mean `{near}`?"
            : $"known keys: {string.Join(", ", map.Keys.Select(key => key.Name))}");
    }

    /// <summary>Every key with the key it belongs under.</summary>
    private static IEnumerable<(string Name, string Home)> Homes(Shape shape, string home) => shape switch
    {
        MapShape map => map.Keys.SelectMany(key => Homes(key.Shape, home.Length == 0 ? key.Name : $"{home}.{key.Name}").Prepend((key.Name, home)))
            .Concat(map.Others is null ? [] : Homes(map.Others, home)),
        ListShape list => Homes(list.Item, home),
        EitherShape either => Homes(either.Long, home),
        _ => [],
    };
}
