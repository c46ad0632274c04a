using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Control;

/// <summary>What client and supervisor write, the other one reads.</summary>
public sealed class ControlFieldsTests
{
    private static readonly ControlEvent[] News =
    [
        new() { Step = "booting" },
        new() { Detail = "äöü \"quoted\"" },
        new() { Note = "line\nline" },
        new() { Failure = new ControlFailure("message", "remedy", 3) },
        new() { Failure = new ControlFailure("message", null, 125) },
        new() { Lease = new ExecLease("token", new GuestAddress(new IPEndPoint(IPAddress.Loopback, 22), "a key", "hosts", "socket"), "tcg", Stale: true) },
        new() { Lease = new ExecLease("token", new GuestAddress(new IPEndPoint(IPAddress.Loopback, 22), "key", "hosts", "socket"), "tcg", Stale: false, new PreparedExec("perl …", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))) },
        new() { Stopped = true },
        new() { Unapproved = true },
        new() { Ending = true },
    ];

    [Fact]
    public void News_are_read_as_the_supervisor_writes_them() => News.ToList().ForEach(news => Read(news.ToFields()).ShouldBe(news));

    [Fact]
    public void News_of_a_later_version_are_skipped() =>
        Read(new FieldWriter().Add("weather").Add(2).Add("rain").Add("").Add("step").Add(1).Add("booting")).Step.ShouldBe("booting");

    [Theory]
    [InlineData("step", "0")]
    [InlineData("lease", "1", "token")]
    [InlineData("failure", "3", "message", "remedy", "soon")]
    [InlineData("step", "many")]
    [InlineData("step", "-1")]
    [InlineData("step", "99999999")]
    public void What_is_no_news_is_refused(params string[] fields) => Should.Throw<InvalidDataException>(() => Read(Fields(fields)));

    [Theory]
    [InlineData("step")]
    [InlineData("step", "1")]
    public void News_that_end_early_are_an_end(params string[] fields) => Should.Throw<EndOfStreamException>(() => Read(Fields(fields)));

    [Fact]
    public void A_field_without_an_end_is_refused() =>
        Should.Throw<InvalidDataException>(() => new FieldReader(new MemoryStream(new byte[3 << 20].Select(_ => (byte)'a').ToArray())).Text());

    [Fact]
    public void An_order_keeps_every_byte()
    {
        byte[][] arguments = [Encoding.UTF8.GetBytes("printf"), [0xff, 0xfe, 10, 61], [], Encoding.UTF8.GetBytes("ä")];
        var order = new ExecOrder(
            "/home/a b\nc",
            arguments,
            new Dictionary<string, string?> { ["A"] = "1=2", ["PASSED"] = null, ["EMPTY"] = "" },
            new Dictionary<string, string> { ["PATH"] = "/bin", ["LINES"] = "a\nb", ["NOTHING"] = "" });

        var read = Request(new ExecRequest("printf ä", order));

        read.Display.ShouldBe("printf ä");
        read.Order!.Directory.ShouldBe(order.Directory);
        read.Order.Arguments.ShouldBe(arguments);
        read.Order.Variables.ShouldBe(order.Variables, ignoreOrder: true);
        read.Order.Environment.ShouldBe(order.Environment, ignoreOrder: true);
        Request(new ExecRequest("true")).Order.ShouldBeNull();
    }

    [Fact]
    public void Whatever_is_no_request_is_refused_or_read() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            try
            {
                ExecRequest.Read(new FieldReader(new MemoryStream(bytes)));
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                // Said so.
            }
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(2000));

    [Fact]
    public void An_order_in_which_a_variable_comes_twice_takes_the_last() =>
        ExecRequest.Read(new FieldReader(new MemoryStream(Fields("", "1", "/", "0", "2", "A=1", "A=2", "0").Written.ToArray()))).Order!.Variables["A"].ShouldBe("2");

    private static FieldWriter Fields(params string[] fields)
    {
        var writer = new FieldWriter();
        fields.ToList().ForEach(field => writer.Add(field));
        return writer;
    }

    private static ExecRequest Request(ExecRequest request) => ExecRequest.Read(new FieldReader(new MemoryStream(request.ToFields().ToArray())));

    private static ControlEvent Read(FieldWriter fields) => ControlEvent.Read(new FieldReader(new MemoryStream(fields.Written.ToArray())));
}
