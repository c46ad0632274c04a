using System.Collections.Concurrent;
using System.Net;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Protocol.Core.Types;
using NuGet.Protocol.Plugins;

namespace Machine.Tool.Packages;

/// <summary>
/// Asks the user's credential providers, which are programs that NuGet finds and speaks to (NuGet's cross-platform plug-ins), never with
/// a dialogue. What NuGet itself does with them lies in NuGet.Credentials, which is no package of its own any more.
/// </summary>
/// <remarks>https://learn.microsoft.com/nuget/reference/extensibility/nuget-cross-platform-authentication-plugin</remarks>
internal sealed class PluginCredentials(IPluginManager plugins, ILogger log) : ICredentialService, IDisposable
{
    private readonly ConcurrentDictionary<(string Plugin, string Server), ICredentials> known = new();
    private readonly ConcurrentDictionary<(string Plugin, Uri Address), bool> answered = new();

    // Some of them write files of their own: one question at a time, as NuGet asks.
    private readonly SemaphoreSlim one = new(1);

    public bool HandlesDefaultCredentials => false;

    public async Task<ICredentials?> GetCredentialsAsync(
        Uri uri, IWebProxy? proxy, CredentialRequestType type, string message, CancellationToken cancellationToken)
    {
        if (type == CredentialRequestType.Proxy)
        {
            return null;
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            foreach (var found in await plugins.FindAvailablePluginsAsync(cancellationToken))
            {
                var path = found.PluginFile.Path;
                var server = (path, Server(uri));

                // What was refused once is asked for anew.
                var again = answered.ContainsKey((path, uri));
                if (!again && known.TryGetValue(server, out var credentials))
                {
                    answered[(path, uri)] = true;
                    return credentials;
                }

                known.TryRemove(server, out _);
                if (await AskAsync(found, uri, proxy, again, cancellationToken) is { } given)
                {
                    answered[(path, uri)] = true;
                    return known[server] = given;
                }
            }

            return null;
        }
        finally
        {
            one.Release();
        }
    }

    public bool TryGetLastKnownGoodCredentialsFromCache(Uri uri, bool isProxy, out ICredentials? credentials)
    {
        credentials = isProxy ? null : known.FirstOrDefault(pair => pair.Key.Server == Server(uri)).Value;
        return credentials is not null;
    }

    public void Dispose() => one.Dispose();

    /// <returns>Null where the plug-in is for something else, or has none for this address.</returns>
    /// <exception cref="PluginException">The plug-in does not run: asking the next one would hide it.</exception>
    private async Task<ICredentials?> AskAsync(PluginDiscoveryResult found, Uri uri, IWebProxy? proxy, bool again, CancellationToken cancel)
    {
        var (made, plugin) = await plugins.TryGetSourceAgnosticPluginAsync(found, OperationClaim.Authentication, cancel);
        if (!made)
        {
            return null;
        }

        if (plugin is not { Plugin.Connection: { } connection, PluginMulticlientUtilities: { } once, Claims: { } claims })
        {
            var reason = plugin?.Message ?? $"{found.PluginFile.Path} does not run";
            log.LogError(reason);
            throw new PluginException(reason, plugin?.Exception);
        }

        if (!claims.Contains(OperationClaim.Authentication))
        {
            return null;
        }

        connection.MessageDispatcher.RequestHandlers.AddOrUpdate(MessageMethod.Log, () => new LogRequestHandler(log), handler =>
        {
            ((LogRequestHandler)handler).SetLogger(log);
            return handler;
        });
        await once.DoOncePerPluginLifetimeAsync(
            nameof(MessageMethod.SetLogLevel),
            () => connection.SendRequestAndReceiveResponseAsync<SetLogLevelRequest, SetLogLevelResponse>(MessageMethod.SetLogLevel, new SetLogLevelRequest(LogRequestHandler.GetLogLevel(log)), cancel),
            cancel);
        if (proxy?.Credentials?.GetCredential(uri, "Basic") is { } login)
        {
            await once.DoOncePerPluginLifetimeAsync(
                $"{MessageMethod.SetCredentials}.{found.PluginFile.Path}",
                () => connection.SendRequestAndReceiveResponseAsync<SetCredentialsRequest, SetCredentialsResponse>(
                    MessageMethod.SetCredentials, new SetCredentialsRequest(uri.AbsolutePath, login.UserName, login.Password, username: null, password: null), cancel),
                cancel);
        }

        var answer = await connection.SendRequestAndReceiveResponseAsync<GetAuthenticationCredentialsRequest, GetAuthenticationCredentialsResponse>(
            MessageMethod.GetAuthenticationCredentials, new GetAuthenticationCredentialsRequest(uri, again, isNonInteractive: true, canShowDialog: false), cancel);
        return answer?.IsValid() == true
            ? new AuthTypeFilteredCredentials(new NetworkCredential(answer.Username, answer.Password), answer.AuthenticationTypes ?? [])
            : null;
    }

    private static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.SafeUnescaped);
}
