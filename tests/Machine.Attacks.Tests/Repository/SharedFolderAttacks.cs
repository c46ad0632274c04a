using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Attacks.Tests.Repository;

/// <summary>Folders that a repository asks for, and what a guest or another program puts in their place.</summary>
public sealed class SharedFolderAttacks : IDisposable
{
    private readonly Scratch host = new();

    public SharedFolderAttacks() => Directory.CreateDirectory(host.At("data/sub"));

    public void Dispose() => host.Dispose();

    [Theory]
    [InlineData("{ host: ../data, guest: /data, write: true }, { host: ../data/sub, guest: /sub }", "lies in another share")]
    [InlineData("{ host: ../data/sub, guest: /sub }, { host: ../data, guest: /data, write: true }", "holds another share")]
    [InlineData("{ host: ../data, guest: /data, write: true }, { host: ../data/sub, guest: /sub, write: true }", "lies in another share")]
    [InlineData("{ host: ../data, guest: /a, write: true }, { host: ../data, guest: /b }", "shared twice")]
    [InlineData("{ host: ../data, guest: /a }, { host: ../data/../data, guest: /b, write: true }", "shared twice")]
    public void No_share_lies_in_a_writable_one(string shares, string why) =>
        host.Refusal($"shares: [{shares}]").Message.ShouldContain(why);

    [Fact]
    public void Nor_by_a_link()
    {
        File.CreateSymbolicLink(host.At("way"), host.At("data/sub"));
        host.Refusal("shares: [{ host: ../data, guest: /data, write: true }, { host: ../way, guest: /sub }]").Message.ShouldContain("lies in another share");
    }

    [Fact]
    public void Folders_beside_one_another_are_shared()
    {
        Directory.CreateDirectory(host.At("data2"));
        host.Read("shares: [{ host: ../data, guest: /data, write: true }, { host: ../data2, guest: /data2 }]").Shares.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("home")]
    [InlineData("state")]
    [InlineData("project")]
    public void A_folder_that_became_a_link_since_it_was_approved_is_not_shared(string target)
    {
        var shares = host.Read("shares: [{ host: ../data/sub, guest: /sub }]").Shares;
        Directory.Delete(host.At("data"), recursive: true);
        Directory.CreateDirectory(host.At($"{target}/sub"));
        File.CreateSymbolicLink(host.At("data"), host.At(target));
        Should.Throw<MachineException>(() => SharedFolderRule.RequireUnchanged(shares, host.Project, host.Host)).Message.ShouldContain("now leads to");
    }

    [Fact]
    public void A_folder_that_is_gone_is_said_before_a_machine_starts()
    {
        var shares = host.Read("shares: [{ host: ../data/sub, guest: /sub }]").Shares;
        Directory.Delete(host.At("data"), recursive: true);
        Should.Throw<MachineException>(() => SharedFolderRule.RequireUnchanged(shares, host.Project, host.Host)).Message.ShouldContain("is gone");
    }

    [Fact]
    public void Root_gives_no_guest_a_folder_to_write()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root is refused");
        var shares = host.Read("shares: [{ host: ../data, guest: /data, write: true }]").Shares;
        Should.Throw<MachineException>(() => SharedFolderRule.RequireUnchanged(shares, host.Project, host.Host)).Message.ShouldContain("root");
    }
}
