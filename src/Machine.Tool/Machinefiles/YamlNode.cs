namespace Machine.Tool.Machinefiles;

/// <summary>A value of a YAML document with where it stands; line and column count from 1.</summary>
internal abstract record YamlNode(int Line, int Column)
{
    /// <summary>For messages.</summary>
    public abstract string Kind { get; }
}

/// <param name="Plain">Written without quotes, so it may be a number, a truth value or nothing at all.</param>
internal sealed record YamlScalar(int Line, int Column, string Value, bool Plain) : YamlNode(Line, Column)
{
    public bool IsNull => Plain && Value is ("" or "~" or "null" or "Null" or "NULL");

    public bool IsBoolean => Plain && Value is ("true" or "True" or "TRUE" or "false" or "False" or "FALSE");

    /// <summary>Digits alone; YAML's octal and hexadecimal forms are not taken as numbers of this file.</summary>
    public bool IsInteger => Plain && Value.Length > 0 && Value.TrimStart('-', '+') is { Length: > 0 } digits && digits.All(char.IsAsciiDigit);

    public bool IsNumber => IsInteger || (Plain && Value.Length > 0 && (char.IsAsciiDigit(Value[^1]) || Value[^1] == '.')
        && Value[0] is ('.' or '-' or '+' or (>= '0' and <= '9'))
        && double.TryParse(Value, System.Globalization.CultureInfo.InvariantCulture, out _));

    public override string Kind => IsNull ? "nothing" : IsBoolean ? "true or false" : IsNumber ? "a number" : "a text";
}

internal sealed record YamlList(int Line, int Column, IReadOnlyList<YamlNode> Items) : YamlNode(Line, Column)
{
    public override string Kind => "a list";
}

/// <summary>Entries in the order of the file; keys are unique.</summary>
internal sealed record YamlMap(int Line, int Column, IReadOnlyList<KeyValuePair<YamlScalar, YamlNode>> Entries) : YamlNode(Line, Column)
{
    public override string Kind => "a map of keys";

    public YamlNode? Find(string name) => Entries.FirstOrDefault(entry => entry.Key.Value == name).Value;
}
