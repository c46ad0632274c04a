using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Machine.EndToEnd.Client;

// WAY ADDRESS…: asks in that way, and prints a line each: what came, or every reason why nothing did.
using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromMinutes(3) };
var ways = new Dictionary<string, Func<Uri, Task<string>>>
{
    ["http1"] = address => GetAsync(address, HttpVersion.Version11),
    ["http2"] = address => GetAsync(address, HttpVersion.Version20),
    ["events"] = EventsAsync,
    ["websocket"] = WebSocketAsync,
    ["grpc"] = GrpcAsync,
};
var failed = 0;
for (var at = 0; at + 1 < args.Length; at += 2)
{
    try
    {
        Console.WriteLine($"{args[at]}: {await ways[args[at]](new Uri(args[at + 1]))}");
    }
    catch (Exception e)
    {
        failed = 1;
        var reasons = new List<string>();
        for (Exception? reason = e; reason is not null; reason = reason.InnerException)
        {
            reasons.Add(reason.Message);
        }

        Console.WriteLine($"{args[at]} failed: {string.Join(" | ", reasons)}");
    }
}

return failed;

async Task<string> GetAsync(Uri address, Version version)
{
    using var request = new HttpRequestMessage(HttpMethod.Get, address) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
    using var response = await http.SendAsync(request);
    var text = (await response.Content.ReadAsStringAsync()).Trim();
    return response.IsSuccessStatusCode ? text : throw new HttpRequestException($"{(int)response.StatusCode} {text}");
}

async Task<string> EventsAsync(Uri address)
{
    using var request = new HttpRequestMessage(HttpMethod.Get, address);
    request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
    using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    response.EnsureSuccessStatusCode();
    using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
    var events = new List<string>();
    while (await reader.ReadLineAsync() is { } line)
    {
        if (line.StartsWith("data: ", StringComparison.Ordinal))
        {
            events.Add(line["data: ".Length..]);
            // The server waits for it before it says more: a way that holds events back ends here.
            await GetAsync(new Uri(address, "/heard"), HttpVersion.Version11);
        }
    }

    return string.Join(' ', events);
}

async Task<string> WebSocketAsync(Uri address)
{
    using var socket = new ClientWebSocket();
    await socket.ConnectAsync(address, CancellationToken.None);
    await socket.SendAsync(Encoding.UTF8.GetBytes("there and back"), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    var buffer = new byte[100];
    var answer = await socket.ReceiveAsync(buffer, CancellationToken.None);
    await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
    return Encoding.UTF8.GetString(buffer, 0, answer.Count);
}

async Task<string> GrpcAsync(Uri address)
{
    using var channel = GrpcChannel.ForAddress(address);
    using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(Greeting.Method, null, new CallOptions(deadline: DateTime.UtcNow.AddMinutes(3)), "machine");
    var texts = new List<string>();
    await foreach (var text in call.ResponseStream.ReadAllAsync())
    {
        texts.Add(text);
    }

    return string.Join(' ', texts);
}
