using System.Text.Json;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Build;
using Machine.Tool.Machinefiles;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Tool.Tests.Images;

/// <summary>What `docker: true` makes of a machine: packages in its image, how its daemon is set up, where its images lie.</summary>
public sealed class DockerImageTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("debian/12", "docker.io, docker-compose")]
    [InlineData("debian/13", "docker.io, docker-cli, docker-compose, docker-buildx")]
    public void The_image_has_the_distributions_packages(string image, string packages) =>
        Packages($"image: {image}\ndocker: true").ShouldBe("git, " + packages);

    [Fact]
    public void A_package_that_the_file_pins_is_not_asked_for_twice() =>
        Packages("packages: [\"docker.io=20.10.24+dfsg1-1\"]\ndocker: true").ShouldBe("docker.io=20.10.24+dfsg1-1, docker-compose");

    [Fact]
    public void A_cloud_image_gets_the_daemon_alone()
    {
        File.WriteAllText(scratch.At("base.qcow2"), "disk");
        Packages($"image: {{ path: ../base.qcow2, sha256: {MachinefileKeys.SampleSha256} }}\ndocker: true").ShouldBe("git, docker.io");
    }

    [Fact]
    public void It_is_another_image_than_the_one_without()
    {
        var builder = new ImageBuilder(MachinePaths.At(scratch.At("state")), new Supervision.FakeEngine());
        builder.HashOf(Request("sdk: none\ndocker: true")).ShouldNotBe(builder.HashOf(Request("sdk: none")));
        builder.HashOf(Request("sdk: none\ndocker: false")).ShouldBe(builder.HashOf(Request("sdk: none")));
    }

    [Fact]
    public void Images_lie_on_a_volume_of_the_project_or_on_the_one_that_it_declares_there()
    {
        scratch.Read("docker: true").Volumes["docker"].ShouldBe(new Volume(GuestLayout.Docker, 20L << 30));
        scratch.Read("docker: true\nvolumes: { docker: { guest: /var/lib/docker, size: 40GiB } }").Volumes["docker"].SizeBytes.ShouldBe(40L << 30);
        scratch.Read("docker: true\nvolumes: { images: { guest: /var/lib/docker } }").Volumes.Keys.ShouldBe(["packages", "images"]);
        scratch.Read("docker: false").Volumes.Keys.ShouldBe(["packages"]);
        scratch.Read("docker: true").Docker.ShouldBeTrue();
    }

    [Fact]
    public void Containers_ask_the_machines_resolver_and_have_addresses_that_are_nobodys()
    {
        using var settings = JsonDocument.Parse(ImageRecipe.Files["docker.json"]);
        var root = settings.RootElement;
        root.GetProperty("dns").EnumerateArray().Select(server => server.GetString()).ShouldBe([GuestLayout.OwnAddress]);
        var pool = root.GetProperty("default-address-pools").EnumerateArray().ShouldHaveSingleItem();
        var network = System.Net.IPNetwork.Parse(pool.GetProperty("base").GetString()!);
        pool.GetProperty("size").GetInt32().ShouldBeGreaterThan(network.PrefixLength);
        // The door's names; the card's, which QEMU gives out.
        foreach (var taken in new[] { "198.18.0.0", "198.19.255.255", GuestLayout.OwnAddress, "10.0.2.2", "10.0.2.15", "127.0.0.1" })
        {
            network.Contains(System.Net.IPAddress.Parse(taken)).ShouldBeFalse(taken);
        }
    }

    [Fact]
    public void The_address_of_the_services_is_the_one_that_the_door_has()
    {
        var door = GuestResource.Read("door.pl");
        door.ShouldContain($"'{GuestLayout.OwnAddress}'");
        door.ShouldContain($"({GuestLayout.RelayPort}, {GuestLayout.DoorPort}, {GuestLayout.ServicePort})");
        GuestFiles.Script.ShouldContain($"registry=http://{GuestLayout.OwnAddress}:{GuestLayout.ServicePort}/npm/");
        GuestFiles.Script.ShouldContain($"http://{GuestLayout.OwnAddress}:{GuestLayout.ServicePort}/nuget/v3/index.json");
    }

    private string Packages(string text) => string.Join(", ", Request(text).Packages);

    private Tool.Images.Store.ImageRequest Request(string text) =>
        ProjectImage.Request(scratch.Project, scratch.Read($"{text}\n{(text.Contains("sdk:", StringComparison.Ordinal) ? "" : "sdk: none")}"), MachinePaths.At(scratch.At("state")));
}
