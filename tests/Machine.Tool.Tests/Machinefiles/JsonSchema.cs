using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>As much of JSON Schema draft 7 as our schema uses; an unknown keyword is an error, so nothing goes unchecked.</summary>
internal static class JsonSchema
{
    public static bool Accepts(JsonObject schema, JsonNode? value) => schema.All(rule => rule.Key switch
    {
        "$schema" or "title" or "description" or "default" => true,
        "type" => (rule.Value is JsonArray types ? types.Select(type => (string)type!) : [(string)rule.Value!]).Any(type => IsA(value, type)),
        "enum" => rule.Value!.AsArray().Any(choice => JsonNode.DeepEquals(choice, value)),
        "pattern" => !IsA(value, "string") || Regex.IsMatch((string)value!, (string)rule.Value!, RegexOptions.ECMAScript),
        "minimum" => !IsA(value, "number") || (decimal)value! >= (decimal)rule.Value!,
        "maximum" => !IsA(value, "number") || (decimal)value! <= (decimal)rule.Value!,
        "items" => value is not JsonArray items || items.All(item => Accepts(rule.Value!.AsObject(), item)),
        "uniqueItems" => value is not JsonArray list || !list.Where((a, i) => list.Take(i).Any(b => JsonNode.DeepEquals(a, b))).Any(),
        "anyOf" => rule.Value!.AsArray().Any(choice => Accepts(choice!.AsObject(), value)),
        "oneOf" => rule.Value!.AsArray().Count(choice => Accepts(choice!.AsObject(), value)) == 1,
        "not" => !Accepts(rule.Value!.AsObject(), value),
        "required" => value is not JsonObject map || rule.Value!.AsArray().All(name => map.ContainsKey((string)name!)),
        "properties" => value is not JsonObject map || rule.Value!.AsObject().All(p => !map.ContainsKey(p.Key) || Accepts(p.Value!.AsObject(), map[p.Key])),
        "patternProperties" => value is not JsonObject map || map.All(entry => Known(schema, entry.Key) || Matches(schema, entry.Key) is not { } inner || Accepts(inner, entry.Value)),
        "additionalProperties" => value is not JsonObject map || map.All(entry => Known(schema, entry.Key) || Matches(schema, entry.Key) is not null),
        _ => throw new InvalidOperationException($"keyword {rule.Key}"),
    });

    /// <summary>As a YAML language server sees a document.</summary>
    public static JsonNode? FromYaml(string text) => YamlTree.Read(text, "text") is { } node ? Value(node) : new JsonObject();

    private static JsonNode? Value(YamlNode node) => node switch
    {
        YamlList list => new JsonArray([.. list.Items.Select(Value)]),
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Value, Value(entry.Value)))),
        YamlScalar { IsNull: true } => null,
        YamlScalar { IsBoolean: true } flag => bool.Parse(flag.Value),
        YamlScalar { IsNumber: true } number => decimal.Parse(number.Value, System.Globalization.CultureInfo.InvariantCulture),
        _ => ((YamlScalar)node).Value,
    };

    private static bool Known(JsonObject schema, string name) => schema["properties"]!.AsObject().ContainsKey(name);

    private static JsonObject? Matches(JsonObject schema, string name) =>
        schema["patternProperties"]?.AsObject().FirstOrDefault(p => Regex.IsMatch(name, p.Key, RegexOptions.ECMAScript)).Value?.AsObject();

    private static bool IsA(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "number" => value?.GetValueKind() == JsonValueKind.Number,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && (decimal)value == decimal.Truncate((decimal)value),
        _ => throw new InvalidOperationException($"type {type}"),
    };
}
