namespace Machine.Tool.Guests;

/// <summary>How the guest's sshd is reached: everything a client needs, also across processes (it is handed out as JSON).</summary>
/// <param name="Port">Loopback port of the host.</param>
/// <param name="PrivateKey">This host's key, which the guest's root authorises.</param>
/// <param name="KnownHosts">File that pins this machine's host key under the alias <c>machine</c>.</param>
/// <param name="ControlPath">Socket of the multiplexed master connection.</param>
internal sealed record GuestAddress(int Port, string PrivateKey, string KnownHosts, string ControlPath);
