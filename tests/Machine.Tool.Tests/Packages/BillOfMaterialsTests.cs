using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json.Nodes;
using Machine.Tool.Hosting;
using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class BillOfMaterialsTests
{
    private static readonly string Sha512 = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);

    private static readonly PackageLogEntry[] Entries =
    [
        Entry("nuget", "Company.App", "1.2.3-rc.1", "sha512-" + Sha512) with { Signature = "author" },
        Entry("nuget", "Company.App", "1.2.3-rc.1", "sha512-" + Sha512) with { Signature = "author" },
        Entry("nuget", "Company.App", "1.2.3-rc.1", "sha512-" + Sha512.Replace("AAE", "AAF", StringComparison.Ordinal)) with { Source = "another" },
        Entry("npm", "@scope/thing", "2.0.0+build.5", $"sha1-{Convert.ToBase64String(new byte[20])} sha512-{Sha512}"),
        Entry("npm", "plain", "0.0.1", null),
        Entry("npm", "odd", "0.0.1", "sha512-abc md5-x ???"),
        Entry("nuget", "evil", "6.6.6", null) with { Refused = "deny evil of the Machinefile" },
    ];

    [Fact]
    public void It_is_what_CycloneDXs_own_validator_takes()
    {
        var document = BillOfMaterials.Of(Entries, "shop", "0.1.0");

        Validate(document).ShouldBe((true, ""));
        document["components"]![0]!["hashes"]![0]!["alg"] = "SHA-5000";
        Validate(document).Valid.ShouldBeFalse("the validator looks");
    }

    [Fact]
    public void Each_package_that_entered_is_there_once_with_its_address_hash_and_source()
    {
        var components = BillOfMaterials.Of(Entries, "shop", "0.1.0")["components"]!.AsArray();

        components.Select(one => one!["purl"]!.GetValue<string>()).ShouldBe(
            ["pkg:nuget/Company.App@1.2.3-rc.1", "pkg:nuget/Company.App@1.2.3-rc.1", "pkg:npm/%40scope/thing@2.0.0%2Bbuild.5", "pkg:npm/plain@0.0.1", "pkg:npm/odd@0.0.1"]);
        components.Select(one => one!["bom-ref"]!.GetValue<string>()).ShouldBeUnique();
        components[0]!["supplier"]!["name"]!.GetValue<string>().ShouldBe("company");
        components[0]!["hashes"]!.AsArray().ShouldHaveSingleItem()!["content"]!.GetValue<string>().ShouldStartWith("000102030405");
        components[2]!["group"]!.GetValue<string>().ShouldBe("@scope");
        components[2]!["name"]!.GetValue<string>().ShouldBe("thing");
        components[2]!["hashes"]!.AsArray().Select(hash => hash!["alg"]!.GetValue<string>()).ShouldBe(["SHA-1", "SHA-512"]);
        components[4]!["hashes"].ShouldBeNull("what is no hash is left out");
    }

    private static PackageLogEntry Entry(string kind, string id, string version, string? hash) =>
        new() { Kind = kind, Id = id, Version = version, Source = "company", Hash = hash, Time = DateTimeOffset.UnixEpoch };

    /// <summary>CycloneDX.Core, as its tool brings it; in a context of its own, for it has versions of its own of what it needs.</summary>
    private static (bool Valid, string Messages) Validate(JsonObject document)
    {
        var folder = typeof(BillOfMaterialsTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "CycloneDX").Value!;
        var context = new AssemblyLoadContext("CycloneDX");
        context.Resolving += (_, name) => File.Exists(Path.Combine(folder, name.Name + ".dll")) ? context.LoadFromAssemblyPath(Path.Combine(folder, name.Name + ".dll")) : null;
        var core = context.LoadFromAssemblyPath(Path.Combine(folder, "CycloneDX.Core.dll"));
        var version = Enum.Parse(core.GetType("CycloneDX.SpecificationVersion", throwOnError: true)!, "v1_6");
        var validate = core.GetType("CycloneDX.Json.Validator", throwOnError: true)!.GetMethod("Validate", [typeof(string), version.GetType()])!;
        var result = validate.Invoke(null, [System.Text.Json.JsonSerializer.Serialize(document, JsonState.Options), version])!;
        return ((bool)Member(result, "Valid")!, string.Join('\n', (IEnumerable<string>?)Member(result, "Messages") ?? []));
    }

    private static object? Member(object of, string name) => of.GetType().GetProperty(name)!.GetValue(of);
}
