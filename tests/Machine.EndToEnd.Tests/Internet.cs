using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Machine.EndToEnd.Tests;

/// <summary>
/// An internet of one server: two network namespaces with a wire between them, in which public addresses can be given out. The tool runs at one end,
/// servers of a test listen at the other, and names are looked up in a file. Needs root.
/// </summary>
public sealed partial class Internet : IAsyncDisposable
{
    /// <summary>Beyond the gateway, as a server of the internet is.</summary>
    public const string Server = "11.8.0.2";
    private const string Gateway = "11.7.0.2";
    private const string Host = "11.7.0.1";

    private readonly string host = $"me2e{Environment.ProcessId}h";
    private readonly string server = $"me2e{Environment.ProcessId}s";

    /// <summary>Runs a program at the host's end.</summary>
    public IReadOnlyList<string> Within => ["ip", "netns", "exec", host];

    /// <summary>Runs a program at the server's end.</summary>
    public IReadOnlyList<string> AtTheServer => ["ip", "netns", "exec", server];

    public static void SkipWhereThereIsNone() => Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "network namespaces are root's to make");

    /// <param name="names">With an address each.</param>
    public static async Task<Internet> MakeAsync(params (string Name, string Address)[] names)
    {
        var internet = new Internet();
        foreach (var space in new[] { internet.host, internet.server })
        {
            await RunAsync("ip", "netns", "add", space);
            // The kernel looks for routers by itself, which are packets too.
            await RunAsync("ip", "netns", "exec", space, "sh", "-c", "for all in all default; do echo 1 >/proc/sys/net/ipv6/conf/$all/disable_ipv6; done");
            await RunAsync("ip", "-n", space, "link", "set", "lo", "up");
        }

        Directory.CreateDirectory($"/etc/netns/{internet.host}");
        File.WriteAllText($"/etc/netns/{internet.host}/resolv.conf", "");
        File.WriteAllLines($"/etc/netns/{internet.host}/hosts", ["127.0.0.1 localhost", .. names.Select(name => $"{name.Address} {name.Name}")]);
        await RunAsync("ip", "link", "add", "wire", "netns", internet.host, "type", "veth", "peer", "name", "wire", "netns", internet.server);
        await RunAsync("ip", "-n", internet.host, "address", "add", Host + "/24", "dev", "wire");
        await RunAsync("ip", "-n", internet.server, "address", "add", Gateway + "/24", "dev", "wire");
        await RunAsync("ip", "-n", internet.server, "address", "add", Server + "/32", "dev", "wire");
        await RunAsync("ip", "-n", internet.host, "link", "set", "wire", "up");
        await RunAsync("ip", "-n", internet.server, "link", "set", "wire", "up");
        await RunAsync("ip", "-n", internet.host, "route", "add", "default", "via", Gateway);
        return internet;
    }

    /// <summary>How many packets went from the host's end to the server's.</summary>
    public async Task<long> PacketsAsync()
    {
        // The address resolution of neighbours counts too: it happens once something is sent.
        var output = await RunAsync("ip", "-n", host, "-s", "-o", "link", "show", "dev", "wire");
        var sent = output[output.LastIndexOf("TX:", StringComparison.Ordinal)..].Split('\\', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.Parse(sent.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    /// <summary>A listening socket at the server's end.</summary>
    public Socket Listen(int port) => Open(server, () =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        socket.Listen(2000);
        return socket;
    });

    /// <summary>A socket that was made at the host's end.</summary>
    public Socket OpenAtHost(Func<Socket> make) => Open(host, make);

    public async ValueTask DisposeAsync()
    {
        foreach (var space in new[] { host, server })
        {
            await RunAsync("ip", "netns", "delete", space);
        }

        Directory.Delete($"/etc/netns/{host}", recursive: true);
    }

    private static Socket Open(string name, Func<Socket> make)
    {
        Socket? made = null;
        Exception? failure = null;
        // A namespace is a thread's; the socket stays in the one where it was made.
        var thread = new Thread(() =>
        {
            try
            {
                using var space = File.OpenHandle($"/run/netns/{name}");
                if (SetNamespace(space, 0x40000000) != 0)
                {
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                made = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? made! : throw failure;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}: {await error}");
        return output;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(Microsoft.Win32.SafeHandles.SafeFileHandle space, int kind);
}
