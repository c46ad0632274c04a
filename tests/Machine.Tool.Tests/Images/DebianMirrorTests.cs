using Machine.Tool.Hosting;
using Machine.Tool.Images.Distributions;

namespace Machine.Tool.Tests.Images;

public sealed class DebianMirrorTests : IDisposable
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    private const string Stanzas = """
        # a comment
        Types: deb deb-src
        URIs: http://mirror.corp.example/debian
         http://second.corp.example/debian
        # another in the middle
        Suites: bookworm bookworm-updates bookworm-backports
        Components: main contrib
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        URIs: http://mirror.corp.example/debian-security
        Suites: bookworm-security
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Enabled: no
        Types: deb
        URIs: http://off.example/debian
        Suites: bookworm
        Components: main
        """;

    private readonly ImagesFolder home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public void A_line_is_read_with_its_options()
    {
        var source = AptSource.ParseList("""
            # deb http://commented.example/debian bookworm main
            deb-src http://m.example/debian bookworm main
            deb [ arch=amd64,arm64 signed-by=/k.gpg trusted=yes ]  http://m.example/debian   bookworm main contrib # why
            """).ShouldHaveSingleItem();

        source.Uris.ShouldBe(["http://m.example/debian"]);
        source.Suites.ShouldBe(["bookworm"]);
        source.Components.ShouldBe(["main", "contrib"]);
        source.SignedBy.ShouldBe("/k.gpg");
        source.Trusted.ShouldBeTrue();
    }

    [Fact]
    public void Stanzas_are_read_with_continued_fields_and_without_disabled_ones()
    {
        var sources = AptSource.ParseStanzas(Stanzas).ToList();

        sources.Count.ShouldBe(2);
        sources[0].Uris.ShouldBe(["http://mirror.corp.example/debian", "http://second.corp.example/debian"]);
        sources[0].Suites.ShouldBe(["bookworm", "bookworm-updates", "bookworm-backports"]);
        sources[0].SignedBy.ShouldBe(Keyring);
        sources[1].Suites.ShouldBe(["bookworm-security"]);
    }

    [Fact]
    public void An_embedded_key_survives_reading_and_writing()
    {
        const string text = "Types: deb\nURIs: http://m.example/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\n";

        var source = AptSource.ParseStanzas(text).ShouldHaveSingleItem();
        var again = AptSource.ParseStanzas(source.ToStanza()).ShouldHaveSingleItem();

        source.SignedBy.ShouldBe("-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----");
        again.SignedBy.ShouldBe(source.SignedBy);
        again.ToStanza().ShouldContain("\n .\n");
    }

    [Fact]
    public void The_hosts_mirror_serves_the_release_that_is_asked_for()
    {
        var sources = DebianMirror.Select(AptSource.ParseStanzas(Stanzas), "trixie", Keyring);

        sources.SelectMany(source => source.Suites).ShouldBe(["trixie", "trixie-updates", "trixie-security"]);
        sources[0].Components.ShouldBe(["main", "contrib"]);
        sources[1].Uris.ShouldBe(["http://mirror.corp.example/debian-security"]);
    }

    [Theory]
    [InlineData("deb https://download.example/linux/debian bookworm stable")]
    [InlineData("deb http://apt.example/pub bookworm-pgdg main")]
    [InlineData("deb https://packages.example/apt cloud-sdk-bookworm main")]
    [InlineData("deb [signed-by=/usr/share/keyrings/hashi-archive-keyring.gpg] https://apt.hashi.example bookworm main")]
    [InlineData("deb https://apt.unsigned.example bookworm main")]
    [InlineData("deb https://node.example/node_20.x nodistro main")]
    public void A_third_partys_entry_is_left_out(string line)
    {
        var own = "deb http://mirror.corp.example/debian bookworm main\n";

        var source = DebianMirror.Select(AptSource.ParseList(own + line), "bookworm", Keyring).ShouldHaveSingleItem();

        source.Uris.ShouldBe(["http://mirror.corp.example/debian"]);
        source.SignedBy.ShouldBe(Keyring);
    }

    [Fact]
    public void A_mirror_whose_address_does_not_say_debian_is_taken_when_it_is_the_only_one() =>
        DebianMirror.Select(AptSource.ParseList("deb http://10.1.2.3/os stable main"), "bookworm", Keyring)
            .ShouldHaveSingleItem().Suites.ShouldBe(["bookworm"]);

    [Fact]
    public void A_list_of_mirrors_is_replaced_by_what_it_lists()
    {
        var file = home.Write("mirrors/debian.list", "# best first\nhttp://a.example/debian\tpriority:1\nhttp://b.example/debian\n");

        DebianMirror.Select(AptSource.ParseList($"deb mirror+file:{file} bookworm main"), "bookworm", Keyring)
            .ShouldHaveSingleItem().Uris.ShouldBe(["http://a.example/debian", "http://b.example/debian"]);
    }

    [Fact]
    public void Both_forms_of_the_hosts_configuration_are_read_and_nothing_else_in_its_folder()
    {
        home.Write("apt/sources.list", "deb http://mirror.corp.example/debian bookworm main\n");
        home.Write("apt/sources.list.d/security.sources", "Types: deb\nURIs: http://mirror.corp.example/debian-security\nSuites: bookworm-security\nComponents: main\n");
        home.Write("apt/sources.list.d/old.list.disabled", "deb http://old.example/debian bookworm main\n");

        var sources = DebianMirror.Find(Path.Combine(home.Home, "apt"), "bookworm", _ => null);

        sources.SelectMany(source => source.Uris).ShouldBe(["http://mirror.corp.example/debian", "http://mirror.corp.example/debian-security"]);
    }

    [Fact]
    public void A_host_of_another_distribution_is_told_which_variable_to_set()
    {
        home.Write("apt/sources.list", "deb http://archive.corp.example/ubuntu noble main\ndeb http://archive.corp.example/ubuntu noble-security main\n");

        var refusal = Should.Throw<MachineException>(() => DebianMirror.Find(Path.Combine(home.Home, "apt"), "bookworm", _ => null));

        refusal.Remedy!.ShouldContain(DebianMirror.MirrorVariable);
    }

    [Fact]
    public void A_mirror_that_is_set_comes_before_the_hosts_configuration()
    {
        var sources = DebianMirror.Find("/nowhere", "trixie", name => name == DebianMirror.MirrorVariable ? "http://m.example/debian/" : null);

        sources.SelectMany(source => source.Uris).ShouldBe(["http://m.example/debian", "http://m.example/debian-security"]);
        sources.SelectMany(source => source.Suites).ShouldBe(["trixie", "trixie-updates", "trixie-security"]);
    }

    [Fact]
    public void Proxies_are_passed_on_and_other_settings_are_not()
    {
        var passed = AptSettings.Parse("""
            APT "";
            APT::Architecture "amd64";
            Acquire::http::Proxy "http://proxy.corp.example:3128";
            Acquire::http::Proxy::mirror.corp.example "DIRECT";
            Acquire::https::CAInfo "/etc/corp.pem";
            Acquire::Check-Valid-Until "false";
            DPkg::Post-Invoke:: "rm -rf /";
            """);

        passed.ShouldBe(
        [
            "Acquire::http::Proxy \"http://proxy.corp.example:3128\"",
            "Acquire::http::Proxy::mirror.corp.example \"DIRECT\"",
            "Acquire::https::CAInfo \"/etc/corp.pem\"",
            "Acquire::Check-Valid-Until \"false\"",
        ]);
    }
}
