using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>The JSON schema by which editors complete and check a Machinefile; printed from <see cref="MachinefileKeys"/>.</summary>
internal static class MachinefileSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Generate()
    {
        // Draft 7: the newest that the common YAML language server reads whole.
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "Machinefile",
            ["description"] = "Describes the virtual machine of one project. Every key has a default.",
        };
        Merge(schema, Of(MachinefileKeys.Root));
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Of(Shape shape) => shape switch
    {
        TextShape text => new() { ["type"] = "string", ["pattern"] = text.Pattern },
        ChoiceShape choice => new() { ["enum"] = Array(choice.Values) },
        IntegerShape integer => new() { ["type"] = "integer", ["minimum"] = integer.Least, ["maximum"] = integer.Most },
        BooleanShape => new() { ["type"] = "boolean" },
        SizeShape => new() { ["type"] = "string", ["pattern"] = ByteSize.Pattern },
        PortShape => new() { ["type"] = Array(["integer", "string"]), ["minimum"] = 1, ["maximum"] = 65535, ["pattern"] = PortShape.Pattern },
        VariableShape => new() { ["type"] = Array(["string", "number", "boolean", "null"]) },
        ListShape list => new() { ["type"] = "array", ["items"] = Of(list.Item), ["uniqueItems"] = true },
        EitherShape either => new() { ["anyOf"] = new JsonArray(Of(either.Short), Of(either.Long)) },
        MapShape map => Of(map),
        _ => throw new InvalidOperationException($"no schema for {shape.GetType().Name}"),
    };

    private static JsonObject Of(MapShape map)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject(map.Keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)Of(key)))) };
        if (map is { Names: { } names, Others: { } others })
        {
            schema["patternProperties"] = new JsonObject { [names.Pattern] = Of(others) };
        }

        schema["additionalProperties"] = false;
        if (map.Keys.Where(key => key.Required).Select(key => key.Name).ToList() is { Count: > 0 } required)
        {
            schema["required"] = Array(required);
        }

        if (map.ExactlyOne is { } one)
        {
            schema["oneOf"] = new JsonArray([.. one.Select(name => new JsonObject { ["required"] = Array([name]) })]);
        }

        return schema;
    }

    private static JsonObject Of(Key key)
    {
        var schema = new JsonObject { ["description"] = key.Description };
        if (key.Default is { } value)
        {
            schema["default"] = DefaultJson(value);
        }

        Merge(schema, Of(key.Shape));
        return schema;
    }

    // Defaults are written as people write them in YAML; the schema wants JSON.
    private static JsonNode? DefaultJson(string yaml) => ToJson(YamlTree.Read(yaml, "default")!);

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlList list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Value, ToJson(entry.Value)))),
        YamlScalar { IsBoolean: true } or YamlScalar { IsNumber: true } => JsonNode.Parse(((YamlScalar)node).Value.ToLowerInvariant()),
        _ => ((YamlScalar)node).Value,
    };

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);

    private static void Merge(JsonObject into, JsonObject from)
    {
        foreach (var (name, value) in from)
        {
            into[name] = value?.DeepClone();
        }
    }
}
