using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class HostLookups
{
    [Fact]
    public void The_newest_SDK_of_the_runtimes_major_wins_and_a_shim_is_no_SDK()
    {
        using var root = new TestFolder();
        foreach (var version in new[] { "9.0.300", "10.0.100-rc.2", "10.0.100", "10.0.205", "11.0.100" })
        {
            root.Folder("sdk/" + version);
            File.WriteAllText(root[$"sdk/{version}/NuGet.Protocol.dll"], "");
        }

        root.Folder("sdk/10.0.999");
        root.Folder("sdk/NuGetFallbackFolder");

        Path.GetFileName(DotnetSdks.Newest(root.Path, 10)).ShouldBe("10.0.205");
        Path.GetFileName(DotnetSdks.Newest(root.Path, 11)).ShouldBe("11.0.100");
        DotnetSdks.Newest(root.Path, 12).ShouldBeNull();
        Directory.Delete(root["sdk/10.0.205"], recursive: true);
        Path.GetFileName(DotnetSdks.Newest(root.Path, 10)).ShouldBe("10.0.100", "a release is newer than its candidates");
        DotnetSdks.Newest(root["nothing"], 10).ShouldBeNull();
    }

    [Fact]
    public void NuGet_comes_from_the_SDKs_folder() =>
        Path.GetDirectoryName(typeof(NuGet.Protocol.Core.Types.Repository).Assembly.Location).ShouldBe(SdkAssemblies.Folder);

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
