using System.Collections.Concurrent;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// A read-only npm registry below /npm/ that hands on the host's own: documents with our addresses in them, files by the hash that their document
/// publishes. Tokens stay on the host, and so does what was fetched once.
/// </summary>
internal sealed class NpmRegistry : IDisposable
{
    private const long MaximumUnhashed = 2L << 30;
    private static readonly TimeSpan UnhashedLimit = TimeSpan.FromMinutes(30);

    private const int MostRemembered = 2000;
    private static readonly TimeSpan Remember = TimeSpan.FromMinutes(5);

    // Documents of large packages are held in memory while they are rewritten.
    private readonly SemaphoreSlim slots = new(16);
    private readonly ConcurrentDictionary<string, (IReadOnlyDictionary<string, NpmTarball> Tarballs, RuleSet Rules, DateTimeOffset Time)> known = new(StringComparer.Ordinal);
    private readonly NpmUpstream upstream;
    private readonly NpmTarballs files;
    private readonly NpmAdvice advice;
    private readonly NpmGate gate;
    private readonly PackageLog entered;
    private readonly ILogger log;
    private readonly Uri? address;
    private readonly string? guestAddress;
    private readonly Func<string?>? refusal;

    /// <param name="packagesFolder">The host's store (<see cref="Hosting.MachinePaths.Packages"/>).</param>
    /// <param name="refusal">Why the machine may not ask, in words for npm; null where it may.</param>
    /// <param name="rules">Which packages may enter; null: every one.</param>
    /// <param name="guestAddress">The address of the guest's that its containers ask, too; null where there is none.</param>
    public NpmRegistry(string packagesFolder, PackageLog entered, ILogger log, Uri? address = null, Func<string?>? refusal = null, PackageRules? rules = null, string? guestAddress = null)
    {
        (this.entered, this.log, this.address, this.refusal, this.guestAddress) = (entered, log, address, refusal, guestAddress);
        upstream = new NpmUpstream(new KeptAnswers(packagesFolder, "npm", log), log);
        files = new NpmTarballs(packagesFolder, upstream, log);
        advice = new NpmAdvice(upstream);
        gate = new NpmGate(rules ?? new PackageRules(null), entered);
    }

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/npm/" + NpmAdvice.Path, context => FeedResponse.GuardAsync(
            context, slots, log, () => IfAllowedAsync(() => advice.AnswerAsync(context)), HttpMethods.Post));
        endpoints.Map("/npm/{**path}", context => FeedResponse.GuardAsync(context, slots, log, () => IfAllowedAsync(() => AnswerAsync(context))));
    }

    public void Dispose()
    {
        upstream.Dispose();
        slots.Dispose();
    }

    private Task IfAllowedAsync(Func<Task> answer) => refusal?.Invoke() is { } reason ? throw FeedException.Refused(reason) : answer();

    private Task AnswerAsync(HttpContext context)
    {
        var request = NpmRequest.Parse((context.Request.Path.Value ?? "")["/npm/".Length..]);
        var ours = FeedAddress.Of(context.Request, address, guestAddress);
        gate.RequireName(request.Name);
        return request.Version is { } version ? TarballAsync(context, request.Name, version, ours) : DocumentAsync(context, request.Name, ours);
    }

    private async Task DocumentAsync(HttpContext context, string name, string ours)
    {
        var abbreviated = context.Request.Headers.Accept.ToString().Contains(NpmUpstream.Abbreviated, StringComparison.Ordinal);
        var document = await LoadAsync(name, abbreviated, ours, context.RequestAborted);
        var type = abbreviated ? NpmUpstream.Abbreviated : "application/json";
        await FeedResponse.BytesAsync(context, document.Json, type);
    }

    private async Task TarballAsync(HttpContext context, string name, string version, string ours)
    {
        var tarball = Find(name, version)
            ?? gate.Require(await LoadAsync(name, abbreviated: true, ours, context.RequestAborted), name, version)
            ?? throw FeedException.NotFound($"the npm registry has no {name} {version}");
        if (NpmTarballs.Sha512Of(tarball.Integrity) is { } hash)
        {
            await using var file = await files.OpenAsync(name, version, tarball, hash, context.RequestAborted);
            await EnterAsync(context, name, version, tarball);
            await FeedResponse.StreamAsync(context, file, "application/octet-stream", file.Length);
            return;
        }

        // Published before there were such hashes: npm checks it against the older one, and nothing is kept.
        using var response = await upstream.TarballAsync(name, tarball, context.RequestAborted);
        if (response.Content.Headers.ContentLength > MaximumUnhashed)
        {
            throw FeedException.Upstream($"{name} {version} is larger than {MaximumUnhashed >> 20} MiB");
        }

        await EnterAsync(context, name, version, tarball);
        await using var content = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await FeedResponse.RelayAsync(context, content, "application/octet-stream", response.Content.Headers.ContentLength, MaximumUnhashed, UnhashedLimit);
    }

    private async Task EnterAsync(HttpContext context, string name, string version, NpmTarball tarball)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            entered.Add(new PackageLogEntry
            {
                Kind = "npm",
                Id = name,
                Version = version,
                Source = await upstream.RegistryNameAsync(name, context.RequestAborted),
                Hash = tarball.Integrity,
                Time = DateTimeOffset.UtcNow,
            });
        }
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
