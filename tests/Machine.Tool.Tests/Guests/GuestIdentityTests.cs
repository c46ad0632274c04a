using System.Net;
using Machine.Tool.Guests;

namespace Machine.Tool.Tests.Guests;

public sealed class GuestIdentityTests : IDisposable
{
    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_guest_keeps_its_key_and_is_known_by_it_alone()
    {
        var login = await SshKey.EnsureAsync(folder["login"], "test", Cancel);
        var first = await GuestIdentity.EnsureAsync(folder["machine"], login, "shop-12345678", Cancel);
        var key = await File.ReadAllTextAsync(first.HostKey, Cancel);

        var second = await GuestIdentity.EnsureAsync(folder["machine"], login, "shop-12345678", Cancel);

        (await File.ReadAllTextAsync(second.HostKey, Cancel)).ShouldBe(key);
        var pinned = (await File.ReadAllTextAsync(second.KnownHosts, Cancel)).Split(' ', '\n');
        pinned[0].ShouldBe("machine");
        pinned[2].ShouldBe((await File.ReadAllTextAsync(second.HostKey + ".pub", Cancel)).Split(' ')[1]);
        var sshd = new IPEndPoint(IPAddress.Loopback, 2222);
        second.At(sshd, "/run/ssh").ShouldBe(new GuestAddress(sshd, login, second.KnownHosts, "/run/ssh"));
    }

    [Fact]
    public async Task What_a_guest_is_handed_has_one_size_whatever_its_name()
    {
        var login = await SshKey.EnsureAsync(folder["login"], "test", Cancel);
        var one = await GuestIdentity.EnsureAsync(folder["one"], login, "a-12345678", Cancel);
        var other = await GuestIdentity.EnsureAsync(folder["other"], login, "a-name-that-is-much-longer-12345678", Cancel);

        one.Files.Keys.ShouldBe(other.Files.Keys);
        one.Files.Values.Select(Size).ShouldBe(other.Files.Values.Select(Size));
        File.ReadAllText(other.Files["hostname"]).Trim().ShouldBe("a-name-that-is-much-longer-12345678");
        File.ReadAllText(one.Files["machine-id"]).ShouldNotBe(File.ReadAllText(other.Files["machine-id"]));
        File.ReadAllText(one.Files["authorized_keys"]).Trim().ShouldBe(File.ReadAllText(login + ".pub").Trim());
    }

    [Fact]
    public void What_a_guest_said_is_cleaned_as_text_and_whole_as_data()
    {
        var said = new GuestText("one\u001b[31m\ntwo\u0007\n");

        said.Raw.ShouldBe("one\u001b[31m\ntwo\u0007\n");
        $"{said}".ShouldNotContain("\u001b");
        $"{said}".ShouldNotContain("\u0007");
        said.LastLines(1).ShouldContain("two");
        said.LastLines(1).ShouldNotContain("one");
    }

    private static long Size(string file) => new FileInfo(file).Length;
}
