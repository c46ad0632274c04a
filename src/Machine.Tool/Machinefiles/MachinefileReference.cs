using System.Globalization;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>The part of docs/machinefile.md that describes the keys; printed from <see cref="MachinefileKeys"/>.</summary>
internal static class MachinefileReference
{
    public static string Generate()
    {
        var text = new StringBuilder();
        foreach (var key in MachinefileKeys.Root.Keys)
        {
            text.Append(CultureInfo.InvariantCulture, $"### `{key.Name}`\n\n{key.Description}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"Value: {key.Shape.Says}{Bounds(key.Shape)}. Default: `{key.Default}`.\n\n");
            Rows(text, key);
            text.Append(CultureInfo.InvariantCulture, $"```yaml\n{Short(key.Example)}\n```\n\n");
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void Rows(StringBuilder text, Key key)
    {
        var inner = Inner(key.Shape, "").ToList();
        if (inner.Count == 0)
        {
            return;
        }

        text.Append("| key | value | default | |\n|---|---|---|---|\n");
        foreach (var (path, child) in inner)
        {
            var fallback = child.Default is { } value ? $"`{value}`" : child.Required ? "required" : "";
            text.Append(CultureInfo.InvariantCulture, $"| `{path}` | {Cell(child.Shape.Says + Bounds(child.Shape))} | {fallback} | {Cell(child.Description)} |\n");
        }

        text.Append('\n');
    }

    private static IEnumerable<(string Path, Key Key)> Inner(Shape shape, string prefix) => shape switch
    {
        MapShape map => map.Keys
            .SelectMany(key => Inner(key.Shape, $"{prefix}{key.Name}.").Prepend((prefix + key.Name, key)))
            .Concat(map.Others is null ? [] : Inner(map.Others, $"{prefix}NAME.")),
        ListShape list => Inner(list.Item, prefix),
        EitherShape either => Inner(either.Long, prefix),
        _ => [],
    };

    private static string Bounds(Shape shape) => shape switch
    {
        IntegerShape integer => $" from {integer.Least} to {integer.Most}",
        SizeShape size => $" from {ByteSize.Format(size.Least)} to {ByteSize.Format(size.Most)}",
        _ => "",
    };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    // 64 made-up digits teach nobody anything.
    private static string Short(string example) => example.Replace(MachinefileKeys.SampleSha256, "<64 hex digits>", StringComparison.Ordinal);
}
