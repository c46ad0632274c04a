using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Packages.Rules;
using Microsoft.Extensions.Logging;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>
/// All sources together, and the store before them. Order decides: the first source of the configuration that has a version
/// gives it, where NuGet itself takes whoever answers first. A source that can't be asked is never skipped in favour of a
/// later one, or an attacker who owns the name there would only have to wait for a failure.
/// </summary>
internal sealed class Upstream : IDisposable
{
    private readonly HostNuGet host;
    private readonly PackageStore store;
    private readonly PackageGate gate;
    private readonly Refusals refusals;
    private readonly ILogger log;

    // A restore asks for many packages at once; the host's own NuGet goes no wider.
    private readonly SemaphoreSlim lanes = new(16);
    private readonly SingleFlight<IReadOnlyList<OfferedVersion>> lists = new();
    private readonly SingleFlight<Found> downloads = new();

    public Upstream(HostNuGet host, PackageStore store, PackageGate gate, PackageLog entered, ILogger log)
    {
        this.host = host;
        this.store = store;
        this.gate = gate;
        this.log = log;
        refusals = new Refusals(host, gate, OfferedAsync, entered, log);
    }

    public void Dispose() => lanes.Dispose();

    /// <summary>Every version that the allowed sources have and that is old enough; what is kept stands in for a source that can't be reached.</summary>
    /// <exception cref="FeedException">Nobody has it, a source can't be asked, or a rule keeps all of it out.</exception>
    public async Task<IReadOnlyList<NuGetVersion>> VersionsAsync(string id, CancellationToken cancel)
    {
        refusals.RequireName(id);
        var snapshot = host.Current();
        var offered = await OfferedAsync(id, cancel);
        var passing = await gate.OldEnoughAsync(snapshot, id, offered, cancel);
        // The newest that is held back is told, for NuGet can only say that it does not exist.
        if (passing.Count < offered.Count && offered[^1] is var newest && (passing.Count == 0 || passing[^1] != newest))
        {
            var error = await refusals.OfHeldBackAsync(snapshot, id, newest, passing, cancel);
            if (passing.Count == 0)
            {
                throw error;
            }
        }

        return [.. passing.Select(one => one.Version)];
    }

    /// <summary>A verified package, from the store where it is there.</summary>
    /// <exception cref="FeedException">Nobody has it, a source can't be asked, or a rule keeps it out.</exception>
    public async Task<StoredPackage> PackageAsync(string id, NuGetVersion version, CancellationToken cancel)
    {
        refusals.RequireName(id);
        if (await gate.OfAdvisoriesAsync(id, version, cancel) is { } refusal)
        {
            throw await refusals.OfAsync(refusal, id, version, "-", passing: null, cancel);
        }

        var found = await downloads.RunAsync($"{id}/{version.Text()}", token => InLaneAsync(() => FindAsync(id, version, token), token), cancel);
        // Which version would pass is asked when this lane is free again.
        return found.Package ?? throw await refusals.OfAsync(found.Refusal!, id, version, found.Source, passing: null, cancel);
    }

    /// <summary>What the sources say about each version; the first source in order speaks for a version.</summary>
    public async Task<IReadOnlyList<IPackageSearchMetadata>> MetadataAsync(string id, CancellationToken cancel)
    {
        refusals.RequireName(id);
        var snapshot = host.Current();
        var found = new SortedDictionary<NuGetVersion, (IPackageSearchMetadata Package, UpstreamSource Source)>();
        foreach (var source in snapshot.SourcesFor(id))
        {
            var answers = await InLaneAsync(
                () => source.TryAsync<PackageMetadataResource, IEnumerable<IPackageSearchMetadata>>(
                    (resource, cache, nuget, token) => resource.GetMetadataAsync(id, includePrerelease: true, includeUnlisted: true, cache, nuget, token),
                    cancel),
                cancel);
            foreach (var one in answers ?? [])
            {
                found.TryAdd(one.Identity.Version, (one, source));
            }
        }

        if (found.Count == 0)
        {
            throw NotFound(id);
        }

        var passing = found.Values.Where(one => gate.IsOldEnough(snapshot, one.Source, id, one.Package)).Select(one => one.Package).ToList();
        return passing.Count > 0 ? passing
            : throw await refusals.OfHeldBackAsync(snapshot, id, new OfferedVersion(found.Keys.Last(), found.Values.Last().Source, Kept: false), [], cancel);
    }

    private static FeedException NotFound(string id, NuGetVersion? version = null) =>
        FeedException.NotFound($"no package source of the host has {id}{(version is null ? "" : " " + version)}");

    private Task<IReadOnlyList<OfferedVersion>> OfferedAsync(string id, CancellationToken cancel) =>
        lists.RunAsync(id, token => InLaneAsync(() => ListAsync(id, token), token), cancel);

    private async Task<IReadOnlyList<OfferedVersion>> ListAsync(string id, CancellationToken cancel)
    {
        var sources = host.Current().SourcesFor(id);
        var answers = await Task.WhenAll(sources.Select(source => AskAsync(source, id, cancel)));
        var failure = answers.Select(answer => answer.Failure).FirstOrDefault(one => one is not null);
        var kept = failure is null ? [] : sources.SelectMany(source => store.Versions(source.Key, id).Select(version => new OfferedVersion(NuGetVersion.Parse(version), source, Kept: true))).ToList();
        if (failure is not null && kept.Count == 0)
        {
            throw failure;
        }

        if (failure is not null)
        {
            log.LogWarning("{Reason}; of {Id} the {Count} kept versions are offered", failure.Message, id, kept.Count);
        }

        // Of two sources the first gives it.
        var versions = answers.SelectMany((answer, i) => answer.Versions.Select(version => new OfferedVersion(version, sources[i], Kept: false)))
            .Concat(kept).DistinctBy(one => one.Version).OrderBy(one => one.Version).ToList();
        return versions.Count > 0 ? versions : throw NotFound(id);
    }

    private static async Task<(IReadOnlyList<NuGetVersion> Versions, FeedException? Failure)> AskAsync(UpstreamSource source, string id, CancellationToken cancel)
    {
        try
        {
            return (await source.VersionsAsync(id, cancel), null);
        }
        catch (FeedException e)
        {
            return ([], e);
        }
    }

    private async Task<Found> FindAsync(string id, NuGetVersion version, CancellationToken cancel)
    {
        var snapshot = host.Current();
        var sources = snapshot.SourcesFor(id);
        var list = ListKey(sources);
        var decided = store.Decision(list, id, version.Text());
        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            var kept = Kept(source, id, version);
            DateTimeOffset? published = null;
            // Of these sources in this order it came from a later one before, when this one did not have it: no need to ask again, also
            // offline. What another list of sources led to says nothing about this one.
            if (!source.IsLocal && kept is null && sources.Skip(i + 1).Any(later => !later.IsLocal && later.Key == decided && Kept(later, id, version) is not null))
            {
                continue;
            }

            if (gate.JudgesAge(snapshot, source, id))
            {
                // What is published between this look and a download would come in unjudged.
                if (kept is null && !await HasAsync(source, id, version, cancel))
                {
                    continue;
                }

                (var refusal, published) = await gate.OfAgeAsync(snapshot, source, id, version, cancel);
                if (refusal is not null)
                {
                    return new Found(null, refusal, source.Name);
                }
            }

            // A folder's package may have been packed anew under the same version; a registry's never changes.
            if (kept is not null && !source.IsLocal)
            {
                Decide(i);
                return new Found(Dated(source, await UnderPolicyAsync(snapshot, source, kept, cancel), published));
            }

            try
            {
                if (await DownloadAsync(snapshot, source, id, version, cancel) is { } package)
                {
                    Decide(i);
                    return new Found(Dated(source, package, published));
                }
            }
            catch (FeedException e) when (kept is not null)
            {
                log.LogWarning("{Reason}; the kept {Id} {Version} is served", e.Message, id, version);
                return new Found(await UnderPolicyAsync(snapshot, source, kept, cancel));
            }
        }

        throw NotFound(id, version);

        // Reached only when all before it were asked and have it not.
        void Decide(int i)
        {
            if (i > 0 && decided != sources[i].Key)
            {
                store.Decide(list, id, version.Text(), sources[i].Key);
            }
        }
    }

    private static async Task<bool> HasAsync(UpstreamSource source, string id, NuGetVersion version, CancellationToken cancel) =>
        (await source.VersionsAsync(id, cancel)).Contains(version);

    // What a source said once is known when it can't be asked.
    private StoredPackage Dated(UpstreamSource source, StoredPackage package, DateTimeOffset? published)
    {
        if (published is null || package.Published is not null || source.IsLocal)
        {
            return package;
        }

        var dated = package with { Published = published };
        store.WriteIndex(source.Key, dated);
        return dated;
    }

    // The sources that may give this package, in their order: mapping is in it.
    private static string ListKey(IReadOnlyList<UpstreamSource> sources) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', sources.Select(source => source.Key)))));

    private StoredPackage? Kept(UpstreamSource source, string id, NuGetVersion version) =>
        store.Find(source.Key, id, version.Text()) is { } package && store.Holds(package) ? package : null;

    private async Task<StoredPackage> UnderPolicyAsync(HostNuGet.Snapshot snapshot, UpstreamSource source, StoredPackage kept, CancellationToken cancel)
    {
        var verifier = new PackageVerifier(snapshot.Settings, new NuGetLog(log));
        if (kept.Policy == verifier.Policy)
        {
            return kept;
        }

        await using var content = await store.OpenAsync(kept, cancel);
        if (content is null)
        {
            // The caller finds the same when it opens the package, and asks again.
            return kept;
        }

        // What the source announces about its signatures does not depend on the project: it was applied when the package came.
        var identity = PackageName.Identity(kept.Id, NuGetVersion.Parse(kept.Version));
        var verdict = await verifier.VerifyAsync(content, identity, source.Name, null, cancel);
        var package = kept with { Signature = verdict.Signature, Policy = verdict.Policy };
        store.WriteIndex(source.Key, package);
        return package;
    }

    private async Task<StoredPackage?> DownloadAsync(HostNuGet.Snapshot snapshot, UpstreamSource source, string id, NuGetVersion version, CancellationToken cancel)
    {
        using var once = await store.LockAsync(id, version.Text(), cancel);
        if (!source.IsLocal && Kept(source, id, version) is { } another)
        {
            return await UnderPolicyAsync(snapshot, source, another, cancel);
        }

        var file = store.NewTemporaryFile();
        try
        {
            if (!await source.DownloadAsync(id, version, file, cancel))
            {
                return null;
            }

            var announced = await source.TryAsync<RepositorySignatureResource, RepositorySignatureResource>(
                (resource, _, _, _) => Task.FromResult(resource), cancel);
            var verdict = await VerifyAsync(snapshot, source, file, id, version, announced, cancel);
            var package = await store.AddAsync(file, source.Key, source.Name, id, version.Text(), verdict, cancel);
            log.LogInformation("{Id} {Version} from {Source}, {Bytes} bytes, signature: {Signature}", id, package.Version, source.Name, package.SizeBytes, package.Signature);
            return package;
        }
        catch (IOException e)
        {
            throw FeedException.Upstream($"the host can't keep {id} {version}: {Redaction.Reason(e.Message.Replace(file, "the file", StringComparison.Ordinal))}", e);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<PackageVerdict> VerifyAsync(
        HostNuGet.Snapshot snapshot, UpstreamSource source, string file, string id, NuGetVersion version, RepositorySignatureResource? announced, CancellationToken cancel)
    {
        var verifier = new PackageVerifier(snapshot.Settings, new NuGetLog(log));
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        return await verifier.VerifyAsync(stream, PackageName.Identity(id, version), source.Name, announced, cancel);
    }

    private async Task<T> InLaneAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        await lanes.WaitAsync(cancel);
        try
        {
            return await work();
        }
        finally
        {
            lanes.Release();
        }
    }

    /// <param name="Refusal">Why it may not enter, where there is no package.</param>
    /// <param name="Source">The name of the source that would have given it.</param>
    private sealed record Found(StoredPackage? Package, Refusal? Refusal = null, string Source = "");
}
