using System.Net;

namespace Machine.Tool.Guests;

/// <summary>How the guest's sshd is reached: everything a client needs, also across processes.</summary>
/// <param name="PrivateKey">This host's key, which the guest's root authorises.</param>
/// <param name="KnownHosts">File that pins this machine's host key under the alias <c>machine</c>.</param>
/// <param name="ControlPath">Socket of the multiplexed master connection.</param>
internal sealed record GuestAddress(IPEndPoint Sshd, string PrivateKey, string KnownHosts, string ControlPath);
