using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>The OpenSSH client, as this tool uses it: no configuration of the user's, no agent, one pinned host key.</summary>
internal static class Ssh
{
    /// <summary>The user that logs in; commands are handed to the project's user by the guest's exec program.</summary>
    private const string Login = "root@machine";

    public static string Program => HostProgram.Require("ssh", "openssh-client");

    /// <summary>Arguments of every call, up to and including the destination.</summary>
    public static List<string> Arguments(GuestAddress guest, params string[] more) =>
    [
        "-F", "none",
        "-p", guest.Sshd.Port.ToString(),
        "-i", guest.PrivateKey,
        "-o", $"HostName={guest.Sshd.Address}",
        "-o", "HostKeyAlias=machine",
        "-o", $"UserKnownHostsFile={Quoted(guest.KnownHosts)}",
        "-o", "GlobalKnownHostsFile=none",
        "-o", "StrictHostKeyChecking=yes",
        "-o", "IdentitiesOnly=yes",
        "-o", "IdentityAgent=none",
        "-o", "ForwardAgent=no",
        "-o", "ForwardX11=no",
        "-o", "BatchMode=yes",
        "-o", "LogLevel=ERROR",
        "-o", "EscapeChar=none",
        "-o", "PreferredAuthentications=publickey",
        // The cheapest that every OpenSSH has: under TCG the handshake is most of a start.
        "-o", "KexAlgorithms=curve25519-sha256",
        // Measured there for 20 MB from the guest: aes128-ctr 10 s, chacha20 15 s, aes128-gcm 25 s.
        "-o", "Ciphers=aes128-ctr,chacha20-poly1305@openssh.com,aes128-gcm@openssh.com",
        "-o", "MACs=umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
        "-o", ControlPathOption(guest),
        .. more,
        Login,
    ];

    /// <summary>For ssh's -o. Its value is this machine's alone, so it tells the processes that use the shared connection.</summary>
    public static string ControlPathOption(GuestAddress guest) => $"ControlPath={Quoted(guest.ControlPath)}";

    /// <summary>For ssh's -o: 30 seconds, times the factor, to connect and exchange banners.</summary>
    public static readonly string ConnectTimeoutOption = $"ConnectTimeout={(int)TimeLimit.Seconds(30).TotalSeconds}";

    /// <summary>How long a short command of ours in a guest may take; emulated ones are slow.</summary>
    public static readonly TimeSpan ShortPatience = TimeLimit.Minutes(3);

    /// <summary>Runs one command line in the guest's shell and captures what it says.</summary>
    /// <param name="patience">For all of it; null for <see cref="ShortPatience"/>.</param>
    /// <exception cref="MachineException">The guest did not come to an end with it.</exception>
    public static async Task<GuestResult> RunAsync(
        GuestAddress guest, string commandLine, CancellationToken cancel, string? input = null, TimeSpan? patience = null)
    {
        var most = patience ?? ShortPatience;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(most);
        try
        {
            var result = await HostProgram.TryRunAsync(Program, [.. Arguments(guest), commandLine], limit.Token, input);
            return new GuestResult(result.ExitCode, new GuestText(result.Output), new GuestText(result.Error));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new MachineException($"the guest did not end within {most.TotalSeconds:0} seconds: {commandLine}", "dotnet machine logs   shows more", ExitCode.MachineUnavailable);
        }
    }

    /// <summary>Starts ssh with pipes at both ends, for streams of bytes (tar in, tar out).</summary>
    public static Process StartPiped(GuestAddress guest, string commandLine) =>
        HostProgram.Start(Program, [.. Arguments(guest), commandLine], start =>
        {
            start.RedirectStandardInput = true;
            start.RedirectStandardOutput = true;
            start.RedirectStandardError = true;
        });

    /// <summary>One word for a POSIX shell, whatever it holds.</summary>
    public static string ShellQuote(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    // ssh splits some option values at spaces; it takes double quotes around them.
    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
