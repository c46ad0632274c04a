using System.Net.Http.Headers;
using System.Text;

namespace Machine.Tool.Packages.Pypi;

/// <summary>One index of this host's configuration.</summary>
/// <param name="Address">Ends in a slash, and names no user.</param>
/// <param name="User">As it is sent: <c>user:password</c>; null without.</param>
internal sealed record PypiSource(Uri Address, string? User)
{
    /// <summary>For logs and errors.</summary>
    public string Name => Address.Host;

    public bool IsAt(Uri address) => address.Scheme == Address.Scheme && address.Authority == Address.Authority;

    /// <summary>What is sent to an address: the password goes to its own server, and to no other that a page or a redirect names.</summary>
    public AuthenticationHeaderValue? AuthorizationFor(Uri address) =>
        User is not null && IsAt(address) ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(User))) : null;

    // A record would print all of it.
    public override string ToString() => Name;
}
