using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class HostLookups
{
    [Theory]
    [InlineData("http://user:pass@host/x is gone", "http://***@host/x is gone")]
    [InlineData("https://user:p@ss@host/", "https://***@host/")]
    [InlineData("GET https://host/p.nupkg?sig=abc&se=1 failed", "GET https://host/p.nupkg?*** failed")]
    [InlineData("no address here?", "no address here?")]
    public void Secrets_of_addresses_are_taken_out(string text, string expected) => Redaction.Secrets(text).ShouldBe(expected);

    [Fact]
    public void A_reason_is_one_line_of_ASCII_without_addresses() =>
        Redaction.Reason("für https://user@host/x\r\nX-Evil: 1").ShouldBe("f?r [address]  X-Evil: 1");

    [Theory]
    [InlineData("https://registry.example/npm/thing", "Bearer deep")]
    [InlineData("https://registry.example/thing", "Bearer top")]
    [InlineData("https://registry.example:8443/thing", null)]
    [InlineData("https://basic.example/a/b/c", "Basic dXNlcjpwdw==")]
    [InlineData("https://other.example/thing", null)]
    public void Npm_credentials_go_to_the_address_they_are_for(string address, string? expected)
    {
        var npmrc = new Npmrc().AddText("""
            ; comment
            //registry.example/npm/:_authToken=deep
            //registry.example/:_authToken = "top"
            //basic.example/a/:username=user
            //basic.example/a/:_password=cHc=
            """);

        npmrc.AuthorizationFor(new Uri(address))?.ToString().ShouldBe(expected);
    }

    [Fact]
    public void A_host_without_any_npm_registry_is_told_which_setting_is_missing()
    {
        var failure = Should.Throw<FeedException>(() => new HostNpm(new Npmrc(), registry: null).RegistryOf("thing"));

        failure.Message.ShouldContain("~/.npmrc");
        failure.Message.ShouldContain("NPM_CONFIG_REGISTRY");
    }
}
