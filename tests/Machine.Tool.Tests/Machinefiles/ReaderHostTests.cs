using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>Shares, mount points and scripts: what depends on what is there.</summary>
public sealed class ReaderHostTests : IDisposable
{
    private readonly Scratch scratch = new();

    public ReaderHostTests() => Directory.CreateDirectory(scratch.At("data"));

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("/", "the whole file system")]
    [InlineData("/proc", "belongs to the system")]
    [InlineData("/proc/self", "belongs to the system")]
    [InlineData("/etc/ssl", "belongs to the system")]
    [InlineData("/dev/shm", "belongs to the system")]
    [InlineData("/run/user", "belongs to the system")]
    [InlineData("~/", "it holds your home folder")]
    [InlineData("~/.ssh", "credentials live there")]
    [InlineData("~/.ssh/keys", "credentials live there")]
    [InlineData("~/.nuget", "credentials live there")]
    [InlineData("~/.local/share", "credentials live there")]
    [InlineData("../home", "it holds your home folder")]
    [InlineData("..", "it holds your home folder")]
    [InlineData("../state", "this tool's own state")]
    [InlineData("../state/images", "this tool's own state")]
    [InlineData("/home", "every user's home folder")]
    [InlineData("../nowhere", "there is no folder")]
    [InlineData("Machinefile", "there is no folder")]
    public void A_dangerous_or_missing_folder_is_not_shared(string host, string why)
    {
        scratch.Write("Machinefile", "");
        var (message, _) = scratch.Refusal($"shares:\n  - {{ host: {host}, guest: /data }}");
        message.ShouldStartWith("2:13: ");
        message.ShouldContain(why);
    }

    [Theory]
    [InlineData(".", "it holds the project")]
    [InlineData(".git", "it is in the project")]
    [InlineData("src/generated", "it is in the project")]
    [InlineData("~/.cache/models", "programs of this host trust")]
    [InlineData("/usr/local", "programs of this host live there")]
    public void A_folder_whose_content_the_host_executes_is_not_shared_for_writing(string host, string why) =>
        scratch.Refusal($"shares: [{{ host: {host}, guest: /data, write: true }}]").Message.ShouldContain(why);

    [Fact]
    public void The_same_folder_may_be_shared_for_reading()
    {
        Directory.CreateDirectory(scratch.At("home/.cache/models"));
        scratch.Read("shares: [{ host: ~/.cache/models, guest: /models }]").Shares[0].Write.ShouldBeFalse();
    }

    [Fact]
    public void A_link_to_a_dangerous_folder_is_seen_through()
    {
        Directory.CreateDirectory(scratch.At("home/.ssh"));
        Directory.CreateSymbolicLink(Path.Combine(scratch.Project.Path, "innocent"), scratch.At("home/.ssh"));
        scratch.Refusal("shares: [{ host: ./innocent, guest: /data }]").Message.ShouldContain("credentials live there");
    }

    [Fact]
    public void The_model_holds_the_real_path_of_a_link()
    {
        Directory.CreateSymbolicLink(Path.Combine(scratch.Project.Path, "link"), scratch.At("data"));
        scratch.Read("shares: [{ host: link, guest: /data }]").Shares[0].HostPath.ShouldBe(scratch.At("data"));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/proc")]
    [InlineData("/etc")]
    [InlineData("/etc/ssl")]
    [InlineData("/machine")]
    [InlineData("/machine/lower")]
    [InlineData("/usr/bin")]
    [InlineData("/usr/local")]
    [InlineData("/usr/share/dotnet")]
    [InlineData("/var/lib")]
    [InlineData("/var/run/x")]
    [InlineData("/home")]
    [InlineData("/home/me")]
    [InlineData("/root")]
    [InlineData("/tmp")]
    [InlineData("data")]
    [InlineData("/data/")]
    [InlineData("//data")]
    [InlineData("/data/../etc")]
    [InlineData("/./data")]
    [InlineData("/da,ta")]
    public void A_mount_point_that_breaks_the_guest_is_refused(string guest)
    {
        scratch.Refusal($"volumes: {{ db: {{ guest: \"{guest}\" }} }}").Message.ShouldStartWith("1:25: volumes.db.guest: ");
        scratch.Refusal($"shares: [{{ host: ../data, guest: \"{guest}\" }}]").Message.ShouldStartWith("1:34: shares[0].guest: ");
    }

    [Theory]
    [InlineData("/data")]
    [InlineData("/var/lib/postgresql")]
    [InlineData("/home/me/.cache")]
    [InlineData("/usr/local/share/x")]
    [InlineData("/machines")]
    [InlineData("/opt")]
    public void Other_mount_points_are_free(string guest) =>
        scratch.Read($"volumes: {{ db: {{ guest: {guest} }} }}").Volumes["db"].GuestPath.ShouldBe(guest);

    [Theory]
    [InlineData("/data", "/data")]
    [InlineData("/data/db", "/data")]
    [InlineData("/data", "/data/db")]
    public void Two_mounts_do_not_overlap(string share, string volume) =>
        scratch.Refusal($"shares:\n  - {{ host: ../data, guest: {share} }}\nvolumes:\n  db: {{ guest: {volume} }}")
            .Message.ShouldBe($"4:16: `{volume}` overlaps `{share}` of line 2");

    [Fact]
    public void A_mount_stays_out_of_the_project()
    {
        scratch.Refusal($"volumes: {{ db: {{ guest: \"{scratch.Project.Path}/db\" }} }}").Message.ShouldContain("overlaps the project");
        scratch.Refusal($"volumes: {{ db: {{ guest: \"{Path.GetDirectoryName(scratch.Project.Path)}\" }} }}").Message.ShouldContain("overlaps the project");
    }

    [Fact]
    public void A_script_that_is_a_link_out_of_the_project_is_refused()
    {
        File.WriteAllText(scratch.At("secret"), "x");
        File.CreateSymbolicLink(Path.Combine(scratch.Project.Path, "setup.sh"), scratch.At("secret"));
        scratch.Refusal("provision: [setup.sh]").Message.ShouldBe("1:13: provision: `setup.sh` is a link that leaves the project");
    }

    [Fact]
    public void One_script_under_two_spellings_is_there_twice()
    {
        scratch.Write("setup.sh", "x");
        scratch.Refusal("provision: [setup.sh, ./setup.sh]").Message.ShouldBe("1:23: provision: `setup.sh` is there twice");
    }

    [Fact]
    public void A_missing_disk_is_found_where_it_is_written() =>
        scratch.Refusal($"image:\n  path: base.qcow2\n  sha256: {MachinefileKeys.SampleSha256}").Message
            .ShouldBe($"2:9: image.path: there is no file `{Path.Combine(scratch.Project.Path, "base.qcow2")}`");
}
