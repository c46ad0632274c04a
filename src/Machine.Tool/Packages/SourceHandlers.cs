using System.Net;
using NuGet.Configuration;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

namespace Machine.Tool.Packages;

/// <summary>
/// NuGet's own way to a source, with two bounds that it does not have: a password goes to the source's own server only, wherever that
/// redirects to, and the credential providers of the user are not asked about an address that is not the user's.
/// </summary>
internal sealed class SourceHandlers(PackageSource source, bool asksProviders)
    : ResourceProvider(typeof(HttpHandlerResource), nameof(SourceHandlers), NuGetResourceProviderPositions.First)
{
    public override async Task<Tuple<bool, INuGetResource?>> TryCreate(SourceRepository repository, CancellationToken token)
    {
        var made = await new HttpHandlerResourceV3Provider().TryCreate(repository, token);
        if (!made.Item1)
        {
            return made;
        }

        // Without the bounds no source is spoken to.
        if (made.Item2 is not HttpHandlerResource { MessageHandler: DelegatingHandler outer } handlers)
        {
            throw new NotSupportedException("NuGet.Protocol reaches its sources in a way that this tool does not know");
        }

        var client = handlers.ClientHandler;
        client.AllowAutoRedirect = false;
        var inner = outer;
        while (inner.InnerHandler is DelegatingHandler next)
        {
            inner = next;
        }

        inner.InnerHandler = new SourceRedirects(source.SourceUri, client);
        if (!asksProviders && outer is HttpSourceAuthenticationHandler)
        {
            outer = new HttpSourceAuthenticationHandler(source, client, new NoProviders()) { InnerHandler = outer.InnerHandler! };
        }

        return Tuple.Create(true, (INuGetResource?)new HttpHandlerResourceV3(client, outer));
    }

    private sealed class NoProviders : ICredentialService
    {
        // Else NuGet would sign in as the user who is logged on (Windows' NTLM).
        public bool HandlesDefaultCredentials => true;

        public Task<ICredentials?> GetCredentialsAsync(
            Uri uri, IWebProxy? proxy, CredentialRequestType type, string message, CancellationToken cancellationToken) => Task.FromResult<ICredentials?>(null);

        public bool TryGetLastKnownGoodCredentialsFromCache(Uri uri, bool isProxy, out ICredentials? credentials)
        {
            credentials = null;
            return false;
        }
    }
}
