using System.Net;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Tests.Workspaces;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>What answers on the control socket, or asks there, is not this tool. The canary is the memory and the time that it costs.</summary>
public sealed class ControlFieldAttacks
{
    [Theory]
    [InlineData("", "a")]
    [InlineData("step\0", "9")]
    [InlineData("step\0" + "1\0", "a")]
    [InlineData("unknown\0" + "100\0", "a")]
    [InlineData("lease\0" + "9\0", "\u001b")]
    public void A_field_without_an_end_is_given_up(string beginning, string repeated) => GivenUp(() => ControlEvent.Read(Endless(beginning, repeated)));

    [Theory]
    [InlineData("", "a")]
    [InlineData("x\0" + "1\0/w\0", "1")]
    [InlineData("x\0" + "1\0/w\0" + "1000000\0", "a")]
    public void An_order_without_an_end_is_given_up(string beginning, string repeated) => GivenUp(() => ExecRequest.Read(Endless(beginning, repeated)));

    [Theory]
    [InlineData("step\0" + "-1\0")]
    [InlineData("step\0" + "101\0")]
    [InlineData("step\0" + "99999999999999999999\0")]
    [InlineData("step\0" + "+1\0")]
    [InlineData("failure\0" + "3\0m\0r\0" + "4294967296\0")]
    [InlineData("lease\0" + "9\0t\0" + "-22\0k\0h\0c\0kvm\0" + "1\0line\0" + "7\0")]
    [InlineData("lease\0" + "9\0t\0" + "22\0k\0h\0c\0kvm\0" + "1\0line\0" + "9223372036854775807\0")]
    public void A_number_that_is_none_becomes_none(string fields) =>
        Should.Throw<InvalidDataException>(() => ControlEvent.Read(new FieldReader(new MemoryStream(LyingGuest.Bytes(fields)))));

    [Theory]
    [InlineData("65536")]
    [InlineData("192.0.2.1:22")]
    [InlineData("[2001:db8::1]:22")]
    [InlineData("-oProxyCommand=touch x")]
    [InlineData("")]
    public void A_lease_leads_to_no_other_host(string sshd)
    {
        Lease("22").Guest.Sshd.ShouldBe(new IPEndPoint(IPAddress.Loopback, 22), "what is refused below is the address alone");

        Should.Throw<InvalidDataException>(() => Lease(sshd));
    }

    private static ExecLease Lease(string sshd) => ControlEvent.Read(new FieldReader(new MemoryStream(LyingGuest.Bytes($"lease\09\0t\0{sshd}\0k\0h\0c\0kvm\01\0line\07\0")))).Lease!;

    private static FieldReader Endless(string beginning, string repeated) => new(new BoundedFlood(LyingGuest.Bytes(beginning), LyingGuest.Bytes(repeated)));

    private static void GivenUp(Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<InvalidDataException>(read);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64L << 20);
    }

    /// <summary>So much that nobody should have read on; then it ends, so that a reader without a bound fails instead of filling this host's memory.</summary>
    private sealed class BoundedFlood(byte[] beginning, byte[] repeated) : MemoryStream([.. beginning, .. Enumerable.Repeat(repeated[0], 16 << 20)]);
}
