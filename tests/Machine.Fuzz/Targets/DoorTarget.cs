using System.Text;
using System.Text.Json;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Git;
using Machine.Tool.Doors.Secrets;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Packages;

namespace Machine.Fuzz.Targets;

/// <summary>What a guest says at the door, and what rules are written as. The first byte says which reader gets the rest.</summary>
internal static class DoorTarget
{
    private const string Oid = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    public static FuzzTarget Target { get; } = new(
        "door", Run,
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u0016\u0003\u0001", "\0\0", "\u0001\0", "api.example.com", "GET / HTTP/1.1\r\n", "Host: ", "\r\n", "\r\n\r\n", " ", "*.", ":443", "/tls", "/tcp", "xn--", "0x7f.1", "..",
        "git:", "git+push:", "/**", "/*", ".git", "/git/", "/info/refs?service=git-upload-pack", "/git-receive-pack", "%20", "%2e", "who 1 2 3 ", "\"output_tokens\":", "\"input_tokens\" : 9", "\\", "{\"a\":[\"1.0.0\"]}", "[", "]",
        "{\"operation\":\"download\",\"objects\":[{\"oid\":\"" + Oid + "\",\"size\":5}]}", "{\"objects\":[{\"oid\":\"" + Oid + "\",\"actions\":{\"download\":{\"href\":\"https://h/x\",\"header\":{\"A\":\"b\"}}}}]}", "\"error\":{\"code\":404}");

    private static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var rest = input[1..];
        var text = Encoding.Latin1.GetString(rest);
        switch (input[0] - '0')
        {
            case 0:
                Greets(rest, bytes => ClientHello.Read(bytes));
                break;
            case 1:
                Greets(rest, bytes => HttpHead.Read(bytes));
                break;
            case 2:
                Rule(text);
                break;
            case 3:
                Name(text);
                break;
            case 4:
                Repositories(text);
                break;
            case 5:
                Request(text);
                break;
            case 6:
                Meter(rest);
                break;
            case 7:
                Question(rest);
                break;
            case 9:
                Files(rest);
                break;
            default:
                _ = GuestLine.Who(text.Split(' '));
                break;
        }
    }

    private delegate Greeting Reader(ReadOnlySpan<byte> bytes);

    // What comes later changes no verdict: else a guest sends the rest after it was let through.
    private static void Greets(byte[] bytes, Reader read)
    {
        var whole = read(bytes);
        for (var length = Math.Max(0, bytes.Length - 40); length < bytes.Length; length++)
        {
            var part = read(bytes.AsSpan(0, length));
            Promise.Holds(part.Kind != GreetingKind.Named || (whole.Kind == GreetingKind.Named && whole.Name == part.Name), "it names another server once more has come");
        }
    }

    private static void Rule(string text)
    {
        if (NetworkRule.Parse(text).Rule is { } rule)
        {
            Promise.Holds(NetworkRule.Parse(rule.Text).Rule == rule, "a rule reads differently the second time: " + rule.Text);
        }
    }

    private static void Name(string text)
    {
        if (HostName.OfWire(text) is { } name)
        {
            Promise.Holds(HostName.OfWire(name.Text) == name && name.Text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'), "a name reads differently the second time: " + name);
            Promise.Holds(Uri.TryCreate($"https://{name}/", UriKind.Absolute, out var uri) && uri.IdnHost == name.Text && uri.HostNameType == UriHostNameType.Dns, "a name is another host: " + name);
        }
    }

    private static void Repositories(string text)
    {
        if (GitRule.IsOne(text) && GitRule.Parse(text).Rule is { } rule)
        {
            Promise.Holds(GitRule.Parse(rule.Text).Rule == rule, "a rule reads differently the second time: " + rule.Text);
        }
    }

    private static void Request(string text)
    {
        foreach (var method in new[] { "GET", "POST" })
        {
            if (GitRequest.TryParse(method, text) is { } request)
            {
                var address = request.Address;
                Promise.Holds(address.IdnHost == request.Repository.Name.Text && address.Port == request.Repository.Port && address.UserInfo.Length == 0, "it asks another server: " + address);
                Promise.Holds(address.AbsolutePath.StartsWith("/" + request.Path, StringComparison.Ordinal) && !address.AbsolutePath.Split('/').Any(part => part is "." or ".."), "it asks for another path: " + address);
            }
        }
    }

    private static void Meter(byte[] bytes)
    {
        var (whole, pieces) = (new TokenMeter(), new TokenMeter());
        whole.Read(bytes);
        foreach (var piece in bytes.Chunk(3))
        {
            pieces.Read(piece);
        }

        Promise.Holds(whole.Tokens(isWhole: true, TimeSpan.Zero) >= 0, "tokens are less than nothing");
        Promise.Holds(pieces.BytesIn == whole.BytesIn, "bytes are lost");
    }

    private static void Question(byte[] bytes)
    {
        try
        {
            var written = NpmAdvice.Question(bytes);
            Promise.Holds(NpmAdvice.Question(written).AsSpan().SequenceEqual(written), "a question reads differently the second time");
        }
        catch (FeedException e)
        {
            Promise.IsPlain(e.Message, "the refusal");
        }
    }

    // The guest's question of git LFS, and a server's answer.
    private static void Files(byte[] bytes)
    {
        const string Ours = "http://127.0.0.1/x";
        try
        {
            var batch = LfsBatch.Parse(bytes);
            var again = LfsBatch.Parse(batch.ToJson());
            Promise.Holds(again.Upload == batch.Upload && again.Branch == batch.Branch && again.Objects.SequenceEqual(batch.Objects), "a question reads differently the second time");
        }
        catch (GitException e)
        {
            Promise.IsPlain(e.Message, "the refusal");
        }

        try
        {
            var answer = LfsAnswer.Rewrite(bytes, new LfsBatch(Upload: false, null, [new LfsObject(Oid, 5)]), "git.example.com", action =>
            {
                Promise.Holds(action.Address is { Scheme: "https", UserInfo: "" } && action.Object == new LfsObject(Oid, 5) && action.Kind == "download", "another file is read, or from elsewhere");
                return Ours;
            });
            using var json = JsonDocument.Parse(answer);
            foreach (var action in json.RootElement.GetProperty("objects").EnumerateArray().SelectMany(one => one.TryGetProperty("actions", out var actions) ? actions.EnumerateObject().ToArray() : []))
            {
                Promise.Holds(action.Value.EnumerateObject().Single() is { Name: "href" } href && href.Value.GetString() == Ours, "the guest is sent elsewhere, or told a key");
            }
        }
        catch (GitException e)
        {
            Promise.IsPlain(e.Message, "the refusal");
        }
    }
}
