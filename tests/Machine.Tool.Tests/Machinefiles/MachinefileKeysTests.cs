using System.Text.Json;
using System.Text.Json.Nodes;

using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>The descriptions of the keys are true: of the reader, of the schema, of the model.</summary>
public sealed class MachinefileKeysTests : IDisposable
{
    private static readonly JsonObject Schema = JsonNode.Parse(MachinefileSchema.Generate())!.AsObject();

    private readonly Scratch scratch = new();

    public MachinefileKeysTests()
    {
        Directory.CreateDirectory(scratch.At("data"));
        File.WriteAllText(scratch.At("base.qcow2"), "disk");
        scratch.Write("machine/setup.sh", "true");
    }

    public static TheoryData<string> Available => [.. All().Select(key => key.Path)];

    public static TheoryData<string> WithDefault => [.. MachinefileKeys.Root.Keys.Where(key => key.Default is not null).Select(key => key.Name)];

    public void Dispose() => scratch.Dispose();

    [Theory]
    [MemberData(nameof(Available))]
    public void Every_example_is_read_and_says_something(string path)
    {
        var key = All().First(pair => pair.Path == path).Key;
        var model = JsonSerializer.Serialize(scratch.Read(key.Example));
        if (path != "workspace.mode")
        {
            model.ShouldNotBe(JsonSerializer.Serialize(scratch.Read("")), $"the binder ignores {path}");
        }

        JsonSchema.Accepts(Schema, JsonSchema.FromYaml(key.Example)).ShouldBeTrue("the schema refuses it");
    }

    [Theory]
    [MemberData(nameof(WithDefault))]
    public void A_described_default_is_the_one_in_force(string name)
    {
        var key = MachinefileKeys.Root.Keys.Single(key => key.Name == name);
        JsonSerializer.Serialize(scratch.Read($"{name}: {key.Default}")).ShouldBe(JsonSerializer.Serialize(scratch.Read("")));
    }

    [Theory]
    [InlineData("workspace: { mode: overlay, outputs: [\"<project>/bin/**\", \"artifacts/**\", \"**/TestResults/**\"], changes: ask }")]
    [InlineData("tools: { npm: [], dotnet: [] }")]
    [InlineData("volumes: { packages: { size: 20GiB } }")]
    [InlineData("volumes: { packages: {} }")]
    public void Inner_defaults_are_in_force_too(string text) =>
        JsonSerializer.Serialize(scratch.Read(text)).ShouldBe(JsonSerializer.Serialize(scratch.Read("")));

    [Fact]
    public void The_schema_has_the_readers_keys_and_no_others()
    {
        var schema = Properties(Schema, "").Order(StringComparer.Ordinal).ToList();
        schema.ShouldBe(All().Select(key => key.Path).Order(StringComparer.Ordinal));
        schema.ShouldContain("volumes.*.size");
    }

    [Theory]
    [InlineData("imge: x")]
    [InlineData("restore: { cooldown: soon }")]
    [InlineData("idle: soon")]
    [InlineData("cpus: 0")]
    [InlineData("cpus: \"2\"")]
    [InlineData("memory: 4")]
    [InlineData("memory: 4G")]
    [InlineData("image: debian/14")]
    [InlineData("image: { path: x }")]
    [InlineData("image: { sha256: 0000000000000000000000000000000000000000000000000000000000000000 }")]
    [InlineData("packages: [-x]")]
    [InlineData("packages: [true]")]
    [InlineData("packages: git")]
    [InlineData("packages: [git, git]")]
    [InlineData("env: { 1A: x }")]
    [InlineData("env: { MACHINE_X: x }")]
    [InlineData("env: { A: [] }")]
    [InlineData("ports: [0]")]
    [InlineData("ports: [65536]")]
    [InlineData("ports: [a]")]
    [InlineData("shares: [{ host: ../data }]")]
    [InlineData("shares: [{ host: ../data, guest: data }]")]
    [InlineData("shares: [{ host: ../data, guest: /data, write: yes }]")]
    [InlineData("volumes: { DB: { guest: /db } }")]
    [InlineData("volumes: { db: default }")]
    [InlineData("volumes: { packages: off }")]
    [InlineData("volumes: { packages: { guest: /x } }")]
    [InlineData("workspace: { mode: mount }")]
    [InlineData("workspace: { outputs: [/x] }")]
    [InlineData("workspace: { outputs: [\"!x\"] }")]
    [InlineData("provision: [/x]")]
    public void What_the_schema_can_see_it_refuses_as_the_reader_does(string text)
    {
        Should.Throw<MachineException>(() => scratch.Read(text));
        JsonSchema.Accepts(Schema, JsonSchema.FromYaml(text)).ShouldBeFalse();
    }

    private static IEnumerable<(string Path, Key Key)> All() => All(MachinefileKeys.Root, "");

    private static IEnumerable<(string Path, Key Key)> All(Shape shape, string prefix) => shape switch
    {
        MapShape map => map.Keys.SelectMany(key => All(key.Shape, $"{prefix}{key.Name}.").Prepend((prefix + key.Name, key)))
            .Concat(map.Others is null ? [] : All(map.Others, prefix + "*.")),
        ListShape list => All(list.Item, prefix),
        EitherShape either => All(either.Long, prefix),
        _ => [],
    };

    private static IEnumerable<string> Properties(JsonNode? schema, string prefix) => schema is not JsonObject rules ? [] : rules.SelectMany(rule => rule.Key switch
    {
        "properties" => rule.Value!.AsObject().SelectMany(p => Properties(p.Value, $"{prefix}{p.Key}.").Prepend(prefix + p.Key)),
        "patternProperties" => rule.Value!.AsObject().SelectMany(p => Properties(p.Value, prefix + "*.")),
        "items" => Properties(rule.Value, prefix),
        "anyOf" => rule.Value!.AsArray().SelectMany(choice => Properties(choice, prefix)),
        _ => [],
    });
}
