using System.Text;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;


namespace Machine.Tool.Tests.Machinefiles;

public sealed class ReaderDefaultsTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("---\n")]
    [InlineData("{}")]
    [InlineData("\ufeff# with a byte order mark\r\n")]
    public void An_empty_file_gives_every_default(string text)
    {
        var file = scratch.Read(text);

        file.Image.ShouldBe("debian/12");
        file.ImageSha256.ShouldBeNull();
        file.Sdk.ShouldBe("global.json");
        file.Cpus.ShouldBe(2);
        file.MemoryBytes.ShouldBe(4L << 30);
        file.DiskBytes.ShouldBe(20L << 30);
        file.Packages.ShouldBe(["git"]);
        file.NpmTools.ShouldBeEmpty();
        file.DotnetTools.ShouldBeEmpty();
        file.Env.ShouldBeEmpty();
        file.Ports.ShouldBeEmpty();
        file.Shares.ShouldBeEmpty();
        file.Volumes.ShouldBe([new("packages", new Volume(GuestLayout.PackageCache, 20L << 30))]);
        file.Workspace.Outputs.ShouldBe(["<project>/bin/**", "artifacts/**", "**/TestResults/**"]);
        file.Workspace.Changes.ShouldBe(ChangesMode.Ask);
        file.Provision.ShouldBeEmpty();
    }

    [Fact]
    public void Every_value_reaches_the_model()
    {
        Directory.CreateDirectory(scratch.At("data"));
        Directory.CreateDirectory(scratch.At("more"));
        scratch.Write("machine/setup.sh", "#!/bin/sh\n");

        var file = scratch.Read("""
            image: debian/13
            sdk: 10.0.100-rc.1.25451.107
            cpus: 4
            memory: 512MiB
            disk: 1.5TiB
            packages: [nodejs, "g++", "libc6:amd64", "curl=7.88.1-10+deb12u12"]
            tools: { npm: ["@angular/cli@20", typescript], dotnet: [dotnet-ef, "dotnet-trace@9.0.1"] }
            env: { A: "", B: 1.10, C: yes, D: , E: "two\nlines", F: ~ }
            ports: [5000, "8080:80", 5432:5433]
            shares:
              - { host: ../data, guest: /data, write: true }
              - host: ../more/
                guest: "/mnt/read only"
            volumes: { packages: { size: 40GiB }, db: { guest: /var/lib/postgresql, size: 640MB } }
            workspace: { mode: overlay, outputs: ["dist/**", "*.log"], changes: apply }
            provision: [./machine/setup.sh]
            accelerator: required
            """);

        file.RequiresAccelerator.ShouldBeTrue();
        file.Image.ShouldBe("debian/13");
        file.Sdk.ShouldBe("10.0.100-rc.1.25451.107");
        file.Cpus.ShouldBe(4);
        file.MemoryBytes.ShouldBe(512L << 20);
        file.DiskBytes.ShouldBe(3L << 39);
        file.Packages.ShouldBe(["nodejs", "g++", "libc6:amd64", "curl=7.88.1-10+deb12u12"]);
        file.NpmTools.ShouldBe(["@angular/cli@20", "typescript"]);
        file.DotnetTools.ShouldBe(["dotnet-ef", "dotnet-trace@9.0.1"]);
        file.Env.ShouldBe(new Dictionary<string, string?> { ["A"] = "", ["B"] = "1.10", ["C"] = "yes", ["D"] = null, ["E"] = "two\nlines", ["F"] = null }, ignoreOrder: true);
        file.Ports.ShouldBe([new(5000, 5000), new(8080, 80), new(5432, 5433)]);
        file.Shares.ShouldBe([new(scratch.At("data"), "/data", true), new(scratch.At("more"), "/mnt/read only", false)]);
        file.Volumes["packages"].ShouldBe(new Volume(GuestLayout.PackageCache, 40L << 30));
        file.Volumes["db"].ShouldBe(new Volume("/var/lib/postgresql", 610L << 20));
        file.Workspace.Outputs.ShouldBe(["dist/**", "*.log"]);
        file.Workspace.Changes.ShouldBe(ChangesMode.Apply);
        file.Provision.Select(script => script.Path).ShouldBe(["machine/setup.sh"]);
    }

    [Fact]
    public void The_packages_volume_can_be_switched_off() =>
        scratch.Read("volumes: { packages: none }").Volumes.ShouldBeEmpty();

    [Fact]
    public void A_volume_without_a_size_gets_10_GiB_and_leaves_the_packages_volume_alone()
    {
        var volumes = scratch.Read("volumes: { db: { guest: /db } }").Volumes;
        volumes["db"].ShouldBe(new Volume("/db", 10L << 30));
        volumes.Keys.ShouldBe(["packages", "db"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(1, "", 1)]
    [InlineData(1, "cpus: 8", 1)]
    [InlineData(16, "cpus: 8", 8)]
    public void Cpus_are_never_more_than_the_host_has(int host, string text, int expected) =>
        MachinefileReader.Read(text, scratch.Project, scratch.Host with { Cpus = host }).Cpus.ShouldBe(expected);

    [Theory]
    [InlineData(64 * 1024, 4096)]
    [InlineData(8 * 1024, 4096)]
    [InlineData(6000, 2816)]
    [InlineData(1500, 1024)]
    public void Default_memory_is_4_GiB_or_half_of_the_hosts(long hostMiB, long expectedMiB) =>
        (MachinefileReader.Read("", scratch.Project, scratch.Host with { MemoryBytes = hostMiB << 20 }).MemoryBytes >> 20).ShouldBe(expectedMiB);

    [Fact]
    public void A_disk_by_path_is_found_from_the_project()
    {
        File.WriteAllText(scratch.At("base.qcow2"), "disk");
        var file = scratch.Read($"image: {{ path: ../base.qcow2, sha256: {new string('A', 64)} }}");
        file.Image.ShouldBe(scratch.At("base.qcow2"));
        file.ImageSha256.ShouldBe(new string('a', 64));
    }

    [Fact]
    public void A_tilde_is_the_home_folder()
    {
        Directory.CreateDirectory(scratch.At("home/data"));
        scratch.Read("shares: [{ host: ~/data, guest: /data }]").Shares[0].HostPath.ShouldBe(scratch.At("home/data"));
    }

    [Fact]
    public void A_file_is_read_from_the_project()
    {
        File.WriteAllBytes(scratch.Project.Machinefile, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("sdk: none\r\nenv: { NAME: \"größer 😀\" }\r\n")]);
        var file = MachinefileReader.Read(scratch.Project);
        file.Sdk.ShouldBe("none");
        file.Env["NAME"].ShouldBe("größer 😀");
    }

    [Fact]
    public void A_missing_file_says_how_to_make_one()
    {
        var error = Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project));
        error.Message.ShouldContain(scratch.Project.Path);
        error.Remedy.ShouldNotBeNull().ShouldContain("dotnet-machine init");
    }

    [Fact]
    public void A_folder_in_its_place_is_an_expected_failure()
    {
        Directory.CreateDirectory(scratch.Project.Machinefile);
        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldContain("cannot read");
    }

    [Fact]
    public void A_link_out_of_the_project_is_not_read()
    {
        File.WriteAllText(scratch.At("elsewhere"), "sdk: none\n");
        File.CreateSymbolicLink(scratch.Project.Machinefile, scratch.At("elsewhere"));
        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldContain("leaves the project");
    }
}
