using Machine.Tool.Packages.Pypi;

namespace Machine.Tool.Tests.Packages.Pypi;

public sealed class PipSettingsTests
{
    [Fact]
    public void Settings_are_read_as_configparser_reads_them()
    {
        var settings = new PipSettings()
            .AddText("# first\n[global]\nindex_url = https://one.example/simple\nextra-index-url =\n    https://two.example/simple\n    ; said in between\n    https://three.example/simple\ntimeout: 60\n[freeze]\nindex-url = https://no.example/\n")
            .AddText("[install]\nindex-url = https://over.example/simple\n");

        settings["index-url"].ShouldBe("https://over.example/simple");
        settings.Words("extra-index-url").ShouldBe(["https://two.example/simple", "https://three.example/simple"]);
        settings["timeout"].ShouldBe("60");
        settings["cert-of-nobody"].ShouldBeNull();
    }

    [Theory]
    [InlineData("machine index.example login me password p@ss", "me:p@ss")]
    [InlineData("machine other.example login you password no\nmachine index.example\n  login me\n  password \"p@ss\"", "me:p@ss")]
    [InlineData("machine other.example login you password no\ndefault login any password body", "any:body")]
    [InlineData("macdef init\nmachine index.example login evil password evil\n\nmachine index.example login me password yes", "me:yes")]
    [InlineData("# machine index.example login me password no", null)]
    [InlineData("machine index.example.evil login me password no", null)]
    [InlineData("", null)]
    public void A_netrc_gives_the_hosts_own(string text, string? user) => Netrc.Find(text, "index.example").ShouldBe(user);

    [Theory]
    [InlineData("  -i, --index-url <url>       Base URL of the Python Package Index (default\n                              https://index.example/simple). This should point to", "https://index.example/simple")]
    [InlineData("  --extra-index-url <url>     Extra URLs (default https://no.example/)", null)]
    [InlineData("nothing", null)]
    public void The_default_is_what_pip_tells(string help, string? address) => HostPip.DefaultOf(help).ShouldBe(address);

    [Fact]
    public void A_password_goes_to_its_own_server_alone()
    {
        var source = new PypiSource(new Uri("https://index.example/simple/"), "me:secret");

        source.AuthorizationFor(new Uri("https://index.example/files/x")).ShouldNotBeNull();
        source.AuthorizationFor(new Uri("http://index.example/files/x")).ShouldBeNull();
        source.AuthorizationFor(new Uri("https://index.example:8443/x")).ShouldBeNull();
        source.AuthorizationFor(new Uri("https://files.example/x")).ShouldBeNull();
        source.ToString().ShouldNotContain("secret");
    }
}
