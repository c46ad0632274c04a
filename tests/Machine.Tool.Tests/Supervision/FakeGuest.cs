using System.Collections.Concurrent;
using System.Diagnostics;
using Machine.Tool.Guests;

namespace Machine.Tool.Tests.Supervision;

/// <summary>A guest that answers as it is told to, and keeps what it was asked.</summary>
internal sealed class FakeGuest(GuestAddress address) : IGuestSession
{
    private readonly ConcurrentQueue<string> asked = new();
    private readonly ConcurrentQueue<string> inputs = new();

    /// <summary>In their order: <c>connect</c>, <c>close</c>, <c>forward 80:8080</c>, and command lines.</summary>
    public IReadOnlyList<string> Asked => [.. asked];

    /// <summary>What the command lines were given to read, in their order.</summary>
    public IReadOnlyList<string> Inputs => [.. inputs];

    /// <summary>What it is offered by the host.</summary>
    public IReadOnlyList<GuestService> Services { get; private set; } = [];

    /// <summary>What happens when somebody connects; null: it answers at once.</summary>
    public Func<CancellationToken, Task>? Connecting { get; set; }

    /// <summary>What a command line ends with; null: 0, without a word.</summary>
    public Func<string, CancellationToken, Task<GuestResult>>? Running { get; set; }

    public bool IsConnected { get; private set; }

    public GuestAddress Address => address;

    public FakeGuest Offered(IReadOnlyList<GuestService> services)
    {
        Services = services;
        return this;
    }

    public static GuestResult Says(int exitCode, string error = "") => new(exitCode, new GuestText(""), new GuestText(error));

    public async Task ConnectAsync(IGuestMachine machine, GuestPatience patience, CancellationToken cancel)
    {
        asked.Enqueue("connect");
        await (Connecting?.Invoke(cancel) ?? Task.CompletedTask);
        IsConnected = true;
    }

    public bool Listens() => IsConnected;

    public Task<bool> IsConnectedAsync(CancellationToken cancel) => Task.FromResult(IsConnected);

    public async Task<GuestResult> RunAsync(string commandLine, CancellationToken cancel, string? input = null, TimeSpan? patience = null)
    {
        asked.Enqueue(commandLine);
        inputs.Enqueue(input ?? "");
        return Running is null ? Says(0) : await Running(commandLine, cancel);
    }

    public Task<GuestResult> StreamAsync(string commandLine, Action<GuestText> line, CancellationToken cancel) => RunAsync(commandLine, cancel);

    public Process StartPiped(string commandLine) => Process.Start(new ProcessStartInfo("/bin/cat") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    public Task ForwardAsync(int hostPort, int guestPort, CancellationToken cancel)
    {
        asked.Enqueue($"forward {hostPort}:{guestPort}");
        return Task.CompletedTask;
    }

    public Task CloseAsync()
    {
        asked.Enqueue("close");
        IsConnected = false;
        return Task.CompletedTask;
    }
}
