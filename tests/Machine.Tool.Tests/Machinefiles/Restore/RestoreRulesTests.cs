using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Tests.Machinefiles.Restore;

public sealed class RestoreRulesTests
{
    [Theory]
    [InlineData("Company.*", PackageKind.NuGet, "company.app", true)]
    [InlineData("Company.*", PackageKind.NuGet, "company", false)]
    [InlineData("Company.*", PackageKind.Npm, "company.app", false)]
    [InlineData("*.Analyzers", PackageKind.NuGet, "evil.analyzers", true)]
    [InlineData("npm:@company/*", PackageKind.Npm, "@company/app", true)]
    [InlineData("npm:@company/*", PackageKind.Npm, "@company2/app", false)]
    [InlineData("npm:*", PackageKind.Npm, "@any/thing", true)]
    [InlineData("npm:JSONStream", PackageKind.Npm, "jsonstream", true)]
    [InlineData("pypi:acme_*", PackageKind.Pypi, "acme-tools", true)]
    [InlineData("pypi:Acme.Tools", PackageKind.Pypi, "acme-tools", true)]
    [InlineData("pypi:acme-tools", PackageKind.NuGet, "acme-tools", false)]
    [InlineData("acme-tools", PackageKind.Pypi, "acme-tools", false)]
    public void A_pattern_denies(string pattern, object kind, string name, bool denies) => PackagePattern.Parse(pattern).Denies((PackageKind)kind, name).ShouldBe(denies);

    [Fact]
    public void Npms_names_that_differ_in_letter_case_are_two_where_one_is_allowed()
    {
        PackagePattern.Parse("npm:JSONStream").Allows(PackageKind.Npm, "jsonstream").ShouldBeFalse();
        PackagePattern.Parse("Newtonsoft.Json").Allows(PackageKind.NuGet, "newtonsoft.json").ShouldBeTrue();
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("@scope/x")]
    [InlineData("npm:")]
    [InlineData("npm:@/x")]
    [InlineData("a?")]
    [InlineData("a\\*")]
    [InlineData("a\n")]
    [InlineData("")]
    public void What_is_no_name_is_no_pattern(string text) => PackagePattern.IsPattern(text).ShouldBeFalse();

    [Theory]
    // Nothing, or less, comes in than before.
    [InlineData("{}", "{ cooldown: 3d }", "")]
    [InlineData("{ cooldown: 3d }", "{ cooldown: 72h }", "")]
    [InlineData("{ cooldown: 3d }", "{ cooldown: 4d, vulnerabilities: low, deny: [A] }", "")]
    [InlineData("{ allow: [A.*] }", "{ allow: [A.B] }", "")]
    [InlineData("{ deny: [A.B] }", "{ deny: [A.*] }", "")]
    [InlineData("{ vulnerabilities: high }", "{ vulnerabilities: moderate }", "")]
    // More comes in.
    [InlineData("{ cooldown: 3d }", "{}", "cooldown none")]
    [InlineData("{ cooldown: 3d }", "{ cooldown: 71h }", "cooldown 71h")]
    [InlineData("{ vulnerabilities: moderate }", "{ vulnerabilities: high }", "vulnerabilities high")]
    [InlineData("{ vulnerabilities: low }", "{}", "vulnerabilities none")]
    [InlineData("{ deny: [A.*, B] }", "{ deny: [A.B, B] }", "deny A.*")]
    [InlineData("{ deny: [\"npm:a\"] }", "{ deny: [a] }", "deny npm:a")]
    [InlineData("{ allow: [A.*] }", "{}", "allow")]
    [InlineData("{ allow: [A.*] }", "{ allow: [A.B, C] }", "allow A.B C")]
    [InlineData("{ allow: [A.B] }", "{ allow: [A.*] }", "allow A.*")]
    [InlineData("{ cooldown: 3d, deny: [A] }", "{ cooldown: 1d }", "cooldown 1d; deny A")]
    public void What_a_change_lets_in_is_known(string before, string after, string loosened) =>
        string.Join("; ", Rules(after).LoosenedFrom(Rules(before)).Select(one => string.Join(' ', one.Identity))).ShouldBe(loosened);

    [Theory]
    [InlineData("{ cooldown: 3d, deny: [A] }", "{ cooldown: 1d, vulnerabilities: high, deny: [A.*, B] }")]
    [InlineData("{ allow: [A.*] }", "{ allow: [A.B] }")]
    [InlineData("{ allow: [A.*] }", "{ allow: [C] }")]
    [InlineData("{ vulnerabilities: low }", "{}")]
    public void The_stricter_of_two_lets_in_no_more_than_the_first(string one, string other)
    {
        var both = Rules(one).StricterOf(Rules(other));

        both.LoosenedFrom(Rules(one)).ShouldBeEmpty();
        both.ToSettings().ToRules().LoosenedFrom(both).ShouldBeEmpty("it is kept as text");
    }

    [Theory]
    [InlineData("cooldown", "{\"cooldown\":\"soon\"}")]
    [InlineData("severity", "{\"vulnerabilities\":\"2\"}")]
    [InlineData("pattern", "{\"deny\":[\"a b\"]}")]
    public void Values_that_are_none_are_refused(string what, string json) =>
        Should.Throw<InvalidDataException>(() => System.Text.Json.JsonSerializer.Deserialize<RestoreSettings>(json, JsonState.Options)!.ToRules(), what);

    private static RestoreRules Rules(string yaml)
    {
        using var scratch = new Scratch();
        return scratch.Read($"restore: {yaml}").Restore.ToRules();
    }
}
