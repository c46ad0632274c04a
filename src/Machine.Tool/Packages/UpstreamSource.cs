using System.Net;
using System.Security.Cryptography;
using System.Text;
using NuGet.Configuration;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>One source of the host's NuGet configuration, spoken to through NuGet.Protocol: v3, v2 and folders alike.</summary>
/// <param name="cacheFolder">Where NuGet keeps answers that are nobody else's.</param>
/// <param name="named">Null for a source of the user's own configuration.</param>
internal sealed class UpstreamSource(PackageSource source, string cacheFolder, Microsoft.Extensions.Logging.ILogger log, ProjectNamed? named = null)
{
    /// <summary>Far above what any registry takes; a limit for a source that never ends.</summary>
    private const long MaximumPackage = 4L << 30;

    // NuGet tries again at both ends: without a pause, a dead source is asked nine times for each package.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QueryLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(10);

    private readonly SourceRepository repository = Repository.CreateSource(
        [new Lazy<INuGetResourceProvider>(() => new SourceHandlers(source, named?.AsksProviders ?? true)), .. Repository.Provider.GetCoreV3().Where(provider => !IsPlugins(provider.Value))], source);

    // Plug-ins that fetch packages themselves would be told of each source's address, the project's too, and past the bounds of SourceHandlers.
    private static bool IsPlugins(INuGetResourceProvider provider) => provider is PluginResourceProvider or PluginFindPackageByIdResourceProvider;

    private volatile Outage? down;

    /// <summary>As the configuration calls it; a name that is an address is not shown.</summary>
    public string Name { get; } = Redaction.Reason(source.Name);

    /// <summary>Its name in the mapping of packages to sources.</summary>
    public string MappingName => source.Name;

    /// <summary>Tells sources apart in the store, across projects that name them differently.</summary>
    public string Key { get; } = KeyOf(source, named?.Credential);

    public bool IsLocal => source.IsLocal;

    /// <summary>NuGet's own <c>minPublishAgeHours</c> in the user's configuration.</summary>
    public TimeSpan LeastAge => source.MinPublishAge;

    public Task<IReadOnlyList<NuGetVersion>> VersionsAsync(string id, CancellationToken cancel) =>
        QueryAsync<IReadOnlyList<NuGetVersion>>(
            async (nuget, token) =>
            {
                using var cache = Fresh();
                var resource = await RequireAsync<FindPackageByIdResource>(token);
                return [.. await resource.GetAllVersionsAsync(id, cache, nuget, token)];
            },
            QueryLimit,
            cancel);

    /// <returns>False when the source does not have it.</returns>
    public Task<bool> DownloadAsync(string id, NuGetVersion version, string file, CancellationToken cancel) =>
        QueryAsync(
            async (nuget, token) =>
            {
                var resource = await RequireAsync<FindPackageByIdResource>(token);
                // The list of versions is mostly in NuGet's cache on disk, just asked for; it may be old: ask anew before saying no.
                using var recent = new SourceCacheContext { DirectDownload = true, RefreshMemoryCache = true };
                using var fresh = Fresh();
                fresh.DirectDownload = true;
                return await CopyAsync(resource, id, version, file, recent, nuget, token)
                    || await CopyAsync(resource, id, version, file, fresh, nuget, token);
            },
            DownloadLimit,
            cancel);

    /// <summary>Asks for something optional; null when the source has no such resource.</summary>
    public Task<TResult?> TryAsync<TResource, TResult>(
        Func<TResource, SourceCacheContext, NuGetLog, CancellationToken, Task<TResult>> ask, CancellationToken cancel)
        where TResource : class, INuGetResource
        where TResult : class =>
        QueryAsync<TResult?>(
            async (nuget, token) =>
            {
                using var cache = Fresh();
                var resource = await repository.GetResourceAsync<TResource>(token);
                return resource is null ? null : await ask(resource, cache, nuget, token);
            },
            QueryLimit,
            cancel);

    // The guest's NuGet keeps answers for half an hour itself; here they are as new as the source has them.
    private static SourceCacheContext Fresh() => new() { MaxAge = DateTimeOffset.UtcNow.AddSeconds(-1), RefreshMemoryCache = true };

    // A whole hash: a project that could find an address with another's key could put packages under it.
    // What came without certificate checks, or to somebody who signed in with a project's password, is another source's.
    private static string KeyOf(PackageSource source, string? credential)
    {
        var address = source.SourceUri is { IsFile: false } uri ? uri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped) : source.Source;
        if (source.DisableTLSCertificateValidation)
        {
            address = "unchecked\n" + address;
        }

        if (credential is not null)
        {
            address = $"as {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential)))}\n{address}";
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address)));
    }

    // NuGet keeps answers on disk by address alone; what a project's source says must not be another's answer, nor one of the host's own dotnet.
    private async Task SeparateCacheAsync(CancellationToken cancel)
    {
        if (source.IsHttp && (named is not null || source.DisableTLSCertificateValidation) && await repository.GetResourceAsync<HttpSourceResource>(cancel) is { } http)
        {
            http.HttpSource.HttpCacheDirectory = Path.Combine(cacheFolder, Key[..32]);
        }
    }

    private async Task<bool> CopyAsync(
        FindPackageByIdResource resource, string id, NuGetVersion version, string file, SourceCacheContext cache, NuGetLog nuget, CancellationToken cancel)
    {
        await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        await using var bounded = new BoundedStream(stream, MaximumPackage);
        if (await resource.CopyNupkgToStreamAsync(id, version, bounded, cache, nuget, cancel))
        {
            return true;
        }

        // A download that failed to the end is only logged by NuGet, and then looks like a package that is not there.
        return nuget.LastError is { } error
            ? throw FeedException.Upstream($"source '{Name}' could not send {id} {version}: {error}")
            : false;
    }

    private async Task<T> RequireAsync<T>(CancellationToken cancel)
        where T : class, INuGetResource =>
        await repository.GetResourceAsync<T>(cancel) ?? throw new IOException("it offers no package content");

    private async Task<T> QueryAsync<T>(Func<NuGetLog, CancellationToken, Task<T>> ask, TimeSpan limit, CancellationToken cancel)
    {
        RefuseWhatNuGetRefuses();
        if (down is { } recent && recent.Until > DateTimeOffset.UtcNow)
        {
            throw FeedException.Upstream(recent.Reason);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(limit);
        var nuget = new NuGetLog(log);
        try
        {
            await SeparateCacheAsync(deadline.Token);
            var answer = await ask(nuget, deadline.Token);
            down = null;
            return answer;
        }
        catch (Exception e) when (e is not FeedException && !cancel.IsCancellationRequested)
        {
            var reason = $"source '{Name}' {Explain(e)}";
            Microsoft.Extensions.Logging.LoggerExtensions.LogWarning(log, "{Reason} ({Details})", reason, Redaction.Secrets(nuget.LastError ?? e.Message));
            down = new Outage(DateTimeOffset.UtcNow + Pause, reason);
            throw FeedException.Upstream(reason, e);
        }
    }

    private void RefuseWhatNuGetRefuses()
    {
        if (source.IsHttp && !source.IsHttps && !source.AllowInsecureConnections)
        {
            throw FeedException.Upstream($"source '{Name}' is plain http; NuGet wants allowInsecureConnections=true for it in the host's nuget.config");
        }

        if (source.IsLocal && !Directory.Exists(source.Source))
        {
            throw FeedException.Upstream($"the folder of source '{Name}' does not exist on the host");
        }
    }

    private static string Explain(Exception e)
    {
        var chain = new List<Exception>();
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            chain.Add(inner);
        }

        var status = chain.OfType<HttpRequestException>().Select(http => http.StatusCode).FirstOrDefault(code => code is not null);
        return status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"refused the host's credentials ({(int)status})",
            not null => $"answered {(int)status}",
            null when chain.Exists(one => one is TimeoutException or OperationCanceledException) => "did not answer in time",
            null => $"cannot be reached: {Redaction.Reason(chain[^1].Message)}",
        };
    }

    private sealed record Outage(DateTimeOffset Until, string Reason);
}

/// <summary>What is different for a source that a project's file names.</summary>
/// <param name="AsksProviders">The address is the user's own too.</param>
/// <param name="Credential">What the project brought to sign in with; null where it brought nothing.</param>
internal sealed record ProjectNamed(bool AsksProviders, string? Credential);
