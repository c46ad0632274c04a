using System.Collections.Concurrent;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// A read-only npm registry below /npm/ that hands on the host's own: documents with our addresses in them, files as they come.
/// Tokens stay on the host. Nothing is kept; npm in the guest has its cache, and checks each file against its document.
/// </summary>
internal sealed class NpmRegistry(PackageLog entered, ILogger log, Uri? address = null, PackageRules? rules = null) : IDisposable
{
    private const long MaximumTarball = 2L << 30;
    private static readonly TimeSpan TarballLimit = TimeSpan.FromMinutes(30);

    private const int MostRemembered = 2000;
    private static readonly TimeSpan Remember = TimeSpan.FromMinutes(5);

    // Documents of large packages are held in memory while they are rewritten.
    private readonly SemaphoreSlim slots = new(16);
    private readonly NpmUpstream upstream = new(log);
    private readonly NpmGate gate = new(rules ?? new PackageRules(null), entered);
    private readonly ConcurrentDictionary<string, (IReadOnlyDictionary<string, NpmTarball> Tarballs, RuleSet Rules, DateTimeOffset Time)> known = new(StringComparer.Ordinal);

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/npm/{**path}", context => FeedResponse.GuardAsync(context, slots, log, () => AnswerAsync(context)));

    public void Dispose()
    {
        upstream.Dispose();
        slots.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var request = NpmRequest.Parse((context.Request.Path.Value ?? "")["/npm/".Length..]);
        var ours = FeedAddress.Of(context.Request, address);
        gate.RequireName(request.Name);
        return request.Version is { } version ? TarballAsync(context, request.Name, version, ours) : DocumentAsync(context, request.Name, ours);
    }

    private async Task DocumentAsync(HttpContext context, string name, string ours)
    {
        var abbreviated = context.Request.Headers.Accept.ToString().Contains("application/vnd.npm.install-v1+json", StringComparison.Ordinal);
        var document = await LoadAsync(name, abbreviated, ours, context.RequestAborted);
        var type = abbreviated ? "application/vnd.npm.install-v1+json" : "application/json";
        await FeedResponse.BytesAsync(context, document.Json, type);
    }

    private async Task TarballAsync(HttpContext context, string name, string version, string ours)
    {
        var tarball = Find(name, version)
            ?? gate.Require(await LoadAsync(name, abbreviated: true, ours, context.RequestAborted), name, version)
            ?? throw FeedException.NotFound($"the npm registry has no {name} {version}");
        using var response = await upstream.TarballAsync(name, tarball, context.RequestAborted);
        if (response.Content.Headers.ContentLength > MaximumTarball)
        {
            throw FeedException.Upstream($"{name} {version} is larger than {MaximumTarball >> 20} MiB");
        }

        if (HttpMethods.IsGet(context.Request.Method))
        {
            var registry = await upstream.RegistryNameAsync(name, context.RequestAborted);
            entered.Add(new PackageLogEntry
            {
                Kind = "npm",
                Id = name,
                Version = version,
                Source = registry,
                Hash = tarball.Integrity,
                Time = DateTimeOffset.UtcNow,
            });
        }

        await using var content = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await FeedResponse.RelayAsync(context, content, "application/octet-stream", response.Content.Headers.ContentLength, MaximumTarball, TarballLimit);
    }

    private NpmTarball? Find(string name, string version) =>
        known.TryGetValue(name, out var recent) && recent.Rules == gate.Current && DateTimeOffset.UtcNow - recent.Time < Remember ? recent.Tarballs.GetValueOrDefault(version) : null;

    private async Task<NpmDocument> LoadAsync(string name, bool abbreviated, string ours, CancellationToken cancel)
    {
        var inForce = gate.Current;
        // The short form has no dates.
        var document = NpmDocument.Rewrite(await upstream.DocumentAsync(name, abbreviated && inForce.Cooldown is null, cancel), name, ours, NpmGate.Judge(inForce, name));
        gate.Tell(document, name);
        if (known.Count >= MostRemembered)
        {
            known.Clear();
        }

        known[name] = (document.Tarballs, inForce, DateTimeOffset.UtcNow);
        return document;
    }
}
