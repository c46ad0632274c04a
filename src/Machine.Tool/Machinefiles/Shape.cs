using System.Globalization;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// What a value may look like. The reader, the JSON schema and the reference in docs are all made from these, so none of them
/// can drift from the others.
/// </summary>
/// <param name="Says">In words, with an article: "a size".</param>
internal abstract record Shape(string Says);

/// <summary>A key of the file.</summary>
/// <param name="Description">One or two sentences for the reference and for editors, units included.</param>
/// <param name="Default">As YAML; null for a key that has none.</param>
/// <param name="Example">A whole Machinefile that uses the key.</param>
internal sealed record Key(string Name, string Description, Shape Shape, string? Default, string Example, bool Required = false);

/// <summary>A shape that is one scalar.</summary>
internal abstract record ScalarShape(string Says) : Shape(Says)
{
    public abstract Flaw? Check(YamlScalar scalar);

    protected Flaw Wrong(YamlScalar scalar, string example) => scalar.IsNull
        ? new Flaw($"no value where {Says} belongs", $"write {example}, or leave the key out")
        : new Flaw($"{Printable.Quote(scalar.Value)} is not {Says}", $"for example {example}");
}

/// <param name="Pattern">A regular expression that .NET and ECMAScript (the schema's) read alike.</param>
/// <param name="Problem">Says more than that the pattern does not match, or checks what a pattern can't.</param>
internal sealed record TextShape(string Says, string Pattern, string Example, Func<string, Flaw?>? Problem = null) : ScalarShape(Says)
{
    private readonly Regex regex = new(Pattern, RegexOptions.CultureInvariant, TimeLimit.OfPattern);

    public override Flaw? Check(YamlScalar scalar) =>
        scalar.IsNull ? Wrong(scalar, Example)
        : scalar.IsBoolean || scalar.IsNumber ? new Flaw(
            $"{Printable.Quote(scalar.Value)} is {scalar.Kind}, not {Says}",
            Check(scalar.Value) is null ? $"put it into quotes: \"{scalar.Value}\"" : $"for example {Example}")
        : Check(scalar.Value) ?? (scalar.Value.Contains('\n', StringComparison.Ordinal) ? Wrong(scalar, Example) : null);

    public Flaw? Check(string text) =>
        Problem?.Invoke(text) ?? (regex.IsMatch(text) ? null : new Flaw($"{Printable.Quote(text)} is not {Says}", $"for example {Example}"));
}

/// <param name="Later">Values that are known and come with a later version.</param>
internal sealed record ChoiceShape(IReadOnlyList<string> Values, IReadOnlyList<string> Later, Func<string, Flaw?>? Problem = null)
    : ScalarShape(Values.Count == 1 ? Values[0] : $"one of {string.Join(", ", Values)}")
{
    public override Flaw? Check(YamlScalar scalar) =>
        Values.Contains(scalar.Value, StringComparer.Ordinal) ? null
        : Later.Contains(scalar.Value, StringComparer.Ordinal)
            ? new Flaw($"{Printable.Quote(scalar.Value)} is not available yet", $"write {Values[0]}, or leave the key out")
        : Problem?.Invoke(scalar.Value) ?? Wrong(scalar, NearestWord.Of(scalar.Value, Values) ?? Values[0]);
}

internal sealed record IntegerShape(string Says, int Least, int Most) : ScalarShape(Says)
{
    public override Flaw? Check(YamlScalar scalar) =>
        !scalar.IsInteger ? Wrong(scalar, Math.Max(Least, 2).ToString(CultureInfo.InvariantCulture))
        : int.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= Least && value <= Most ? null
        : new Flaw($"{Printable.Quote(scalar.Value)} is out of range", $"{Least} to {Most}");
}

internal sealed record BooleanShape() : ScalarShape("true or false")
{
    public override Flaw? Check(YamlScalar scalar) =>
        scalar.IsBoolean && scalar.Value is "true" or "false" ? null : Wrong(scalar, "true");
}

/// <summary>A size in bytes, at least <paramref name="Least"/> and at most <paramref name="Most"/>.</summary>
internal sealed record SizeShape(long Least, long Most) : ScalarShape("a size")
{
    public override Flaw? Check(YamlScalar scalar) =>
        !Regex.IsMatch(scalar.Value, ByteSize.Pattern, RegexOptions.None, TimeLimit.OfPattern) || scalar.Value.EndsWith('\n')
            ? scalar.IsNull
                ? Wrong(scalar, "4GiB")
                : new Flaw($"{Printable.Quote(scalar.Value)} is not a size", "a number and a unit, for example 4GiB or 512MiB (units: MiB GiB TiB, MB GB TB)")
        : ByteSize.TryParse(scalar.Value) is { } bytes && bytes >= Least && bytes <= Most ? null
        : new Flaw($"{Printable.Quote(scalar.Value)} is out of range", $"{ByteSize.Format(Least)} to {ByteSize.Format(Most)}");
}

/// <summary>A port as a number, or two as <c>"host:guest"</c>.</summary>
internal sealed record PortShape() : ScalarShape("a port (5000) or two (\"8080:80\", host first)")
{
    public const string Pattern = "^[1-9][0-9]{0,4}(:[1-9][0-9]{0,4})?$";

    public override Flaw? Check(YamlScalar scalar) =>
        !Regex.IsMatch(scalar.Value, Pattern, RegexOptions.None, TimeLimit.OfPattern) || scalar.Value.EndsWith('\n') ? Wrong(scalar, "5000 or \"8080:80\"")
        : Parse(scalar.Value) is { Host: <= 65535, Guest: <= 65535 } ? null
        : new Flaw($"{Printable.Quote(scalar.Value)} is out of range", "ports go from 1 to 65535");

    public static PortForward Parse(string text)
    {
        var parts = text.Split(':');
        return new PortForward(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[^1], CultureInfo.InvariantCulture));
    }
}

/// <summary>Any scalar, as it is written; nothing means that the host's value is passed.</summary>
internal sealed record VariableShape() : ScalarShape("a text, or nothing")
{
    public override Flaw? Check(YamlScalar scalar) =>
        scalar.Value.Length > 32 * 1024 ? new Flaw("the value is longer than 32 KiB", "put it into a file of the project") : null;
}

internal sealed record ListShape(string Says, Shape Item) : Shape(Says);

/// <param name="Keys">The keys with a meaning of their own.</param>
/// <param name="Names">What further keys must look like; null when there are none.</param>
/// <param name="Others">The value of further keys.</param>
/// <param name="ExactlyOne">Keys of which one must be there, and no other.</param>
internal sealed record MapShape(
    string Says, IReadOnlyList<Key> Keys, TextShape? Names = null, Shape? Others = null, IReadOnlyList<string>? ExactlyOne = null) : Shape(Says);

/// <summary>A short form as a scalar, or a long one with keys.</summary>
internal sealed record EitherShape(ScalarShape Short, MapShape Long) : Shape($"{Short.Says}, or {Long.Says}");
