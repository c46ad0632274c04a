using System.Collections.Concurrent;
using System.Net;
using Machine.Tool.Hosting;
using NuGet.Common;
using NuGet.Configuration;
using NuGet.Protocol.Plugins;

namespace Machine.Tool.Packages;

/// <summary>
/// Asks the user's credential providers, which are programs that NuGet finds and speaks to (NuGet's cross-platform plug-ins), never with
/// a dialogue. NuGet's own code for this is in NuGet.Credentials, which is not among the packages that restore here (8.0.0).
/// </summary>
/// <remarks>https://learn.microsoft.com/nuget/reference/extensibility/nuget-cross-platform-authentication-plugin</remarks>
internal sealed class PluginCredentials(IPluginManager plugins, ILogger log) : ICredentialService, IDisposable
{
    private readonly ConcurrentDictionary<(string Plugin, string Server), ICredentials> known = new();
    private readonly ConcurrentDictionary<(string Plugin, Uri Address), bool> asked = new();

    // Some providers write files of their own, so one question is asked at a time, as NuGet does.
    private readonly SemaphoreSlim gate = new(1);

    // Each is tried once in this process: NuGet keeps a start that failed.
    private readonly ConcurrentDictionary<string, bool> failed = new();

    public bool HandlesDefaultCredentials => false;

    /// <summary>With the plug-ins that NuGet finds for this user. NuGet starts those that are libraries with the program that a variable names, else with a bare <c>dotnet</c>, which .NET also looks for in the current folder: a project's.</summary>
    public static PluginCredentials OfThisUser(ILogger log)
    {
        const string Host = "DOTNET_HOST_PATH";
        if (Environment.GetEnvironmentVariable(Host) is not { } named || !Path.IsPathFullyQualified(named))
        {
            // Where there is none, one that does not exist: such a plug-in then fails, with that path in its reason.
            Environment.SetEnvironmentVariable(Host, HostProgram.Find("dotnet") ?? Path.Combine(Path.GetPathRoot(AppContext.BaseDirectory)!, "dotnet-is-not-installed"));
        }

        return new PluginCredentials(PluginManager.Instance, log);
    }

    public async Task<ICredentials?> GetCredentialsAsync(
        Uri uri, IWebProxy? proxy, CredentialRequestType type, string message, CancellationToken cancellationToken)
    {
        if (type == CredentialRequestType.Proxy)
        {
            return null;
        }

        await gate.WaitAsync(cancellationToken);
        try
        {
            foreach (var found in await plugins.FindAvailablePluginsAsync(cancellationToken))
            {
                var path = found.PluginFile.Path;
                if (failed.ContainsKey(path))
                {
                    continue;
                }

                var server = (path, Server(uri));

                // NuGet asks a second time only when what it was given was refused.
                var isRetry = asked.ContainsKey((path, uri));
                if (!isRetry && known.TryGetValue(server, out var credentials))
                {
                    asked[(path, uri)] = true;
                    return credentials;
                }

                known.TryRemove(server, out _);
                if (await AskAsync(found, uri, proxy, isRetry, cancellationToken) is { } given)
                {
                    asked[(path, uri)] = true;
                    return known[server] = given;
                }
            }

            return null;
        }
        finally
        {
            gate.Release();
        }
    }

    public bool TryGetLastKnownGoodCredentialsFromCache(Uri uri, bool isProxy, out ICredentials? credentials)
    {
        credentials = isProxy ? null : known.FirstOrDefault(pair => pair.Key.Server == Server(uri)).Value;
        return credentials is not null;
    }

    public void Dispose() => gate.Dispose();

    /// <returns>Null where the plug-in is for something else, or has none for this address.</returns>
    /// <exception cref="PluginException">The plug-in does not run: asking the next one at once would hide it.</exception>
    private async Task<ICredentials?> AskAsync(PluginDiscoveryResult found, Uri uri, IWebProxy? proxy, bool isRetry, CancellationToken cancel)
    {
        var (made, plugin) = await plugins.TryGetSourceAgnosticPluginAsync(found, OperationClaim.Authentication, cancel);
        if (!made)
        {
            return null;
        }

        if (plugin is not { Plugin.Connection: { } connection, PluginMulticlientUtilities: { } perPlugin, Claims: { } claims })
        {
            var reason = plugin?.Message ?? $"{found.PluginFile.Path} does not run";
            log.LogError(reason);
            failed[found.PluginFile.Path] = true;
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
        await perPlugin.DoOncePerPluginLifetimeAsync(
            nameof(MessageMethod.SetLogLevel),
            () => connection.SendRequestAndReceiveResponseAsync<SetLogLevelRequest, SetLogLevelResponse>(MessageMethod.SetLogLevel, new SetLogLevelRequest(LogRequestHandler.GetLogLevel(log)), cancel),
            cancel);
        if (proxy?.Credentials?.GetCredential(uri, "Basic") is { } login)
        {
            await perPlugin.DoOncePerPluginLifetimeAsync(
                $"{MessageMethod.SetCredentials}.{found.PluginFile.Path}",
                () => connection.SendRequestAndReceiveResponseAsync<SetCredentialsRequest, SetCredentialsResponse>(
                    MessageMethod.SetCredentials, new SetCredentialsRequest(uri.AbsolutePath, login.UserName, login.Password, username: null, password: null), cancel),
                cancel);
        }

        var answer = await connection.SendRequestAndReceiveResponseAsync<GetAuthenticationCredentialsRequest, GetAuthenticationCredentialsResponse>(
            MessageMethod.GetAuthenticationCredentials, new GetAuthenticationCredentialsRequest(uri, isRetry, isNonInteractive: true, canShowDialog: false), cancel);
        if (answer?.ResponseCode == MessageResponseCode.NotFound)
        {
            log.LogWarning($"{found.PluginFile.Path} has nothing for {uri.Host} without asking: sign in on the host first. {answer.Message}");
        }

        return answer?.IsValid() == true
            ? new AuthTypeFilteredCredentials(new NetworkCredential(answer.Username, answer.Password), answer.AuthenticationTypes ?? [])
            : null;
    }

    private static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.SafeUnescaped);
}
