using System.Text.Json.Nodes;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NuGet.Packaging;

namespace Machine.Tool.Packages;

/// <summary>Answers the requests below /nuget/.</summary>
internal sealed class FeedRequests : IDisposable
{
    private const int TrimEvery = 1000;

    private readonly PackageStore store;
    private readonly HostNuGet host;
    private readonly PackageLog entered;
    private readonly LockedVersions locked = new();
    private readonly ILogger log;
    private long asked;

    public FeedRequests(ProjectSources project, IReadOnlyList<string>? userFiles, string packagesFolder, PackageLog entered, PackageRules rules, ILogger log)
    {
        this.entered = entered;
        this.log = log;
        store = new PackageStore(packagesFolder, log);
        host = new HostNuGet(project, userFiles, Path.Combine(packagesFolder, "answers"), log);
        Advice = new Advisories(host, log);
        var gate = new PackageGate(rules, locked, store, Advice);
        Sources = new Upstream(host, store, gate, entered, log);
        Search = new PackageSearch(host, gate);
    }

    private Upstream Sources { get; }

    private Advisories Advice { get; }

    private PackageSearch Search { get; }

    public void Dispose() => Sources.Dispose();

    public void Use(ProjectSources project) => host.Use(project);

    public void UseLocked(string project) => locked.Use(project);

    /// <summary>Has a package in the store before it is asked for; one that can't be had is told when it is.</summary>
    public async Task FetchAsync(string id, string version, CancellationToken cancel)
    {
        try
        {
            await Sources.PackageAsync(PackageName.ParseId(id), PackageName.ParseVersion(version), cancel);
        }
        catch (Exception e) when (e is FeedException or Hosting.MachineException)
        {
            log.LogInformation("not fetched in advance: {Reason}", e.Message);
        }
    }

    public async Task AnswerAsync(HttpContext context, string address)
    {
        try
        {
            await RouteAsync(context, address);
        }
        catch (FeedException e) when (host.Outdated is { } advice)
        {
            throw new FeedException(e.Status, $"{e.Message}; {advice}", e) { Link = e.Link };
        }
    }

    private Task RouteAsync(HttpContext context, string address)
    {
        if (Interlocked.Increment(ref asked) % TrimEvery == 1)
        {
            _ = Task.Run(store.Trim, CancellationToken.None);
        }

        var feed = new FeedDocuments(address);
        var path = context.Request.Path.Value ?? "";
        return path.Split('/') switch
        {
            ["", "nuget", "v3", "index.json"] => ServiceIndexAsync(context, feed),
            ["", "nuget", "v3", "flat", var id, "index.json"] => VersionsAsync(context, PackageName.ParseId(id)),
            ["", "nuget", "v3", "flat", var id, var version, var file] => ContentAsync(context, PackageName.ParseId(id), version, file),
            ["", "nuget", "v3", "registration", var id, "index.json"] => RegistrationAsync(context, feed, PackageName.ParseId(id)),
            ["", "nuget", "v3", "registration", var id, var leaf] when leaf.EndsWith(".json", StringComparison.OrdinalIgnoreCase) =>
                LeafAsync(context, feed, PackageName.ParseId(id), leaf[..^5]),
            ["", "nuget", "v3", "vulnerabilities", "index.json"] => AdvisoryIndexAsync(context, feed),
            ["", "nuget", "v3", "vulnerabilities", "all.json"] => AdvisoryPageAsync(context),
            ["", "nuget", "v3", "search"] => SearchAsync(context, feed),
            _ => throw FeedException.NotFound("the package feed has no such address"),
        };
    }

    private async Task ServiceIndexAsync(HttpContext context, FeedDocuments feed)
    {
        var audited = Advice.AnyAsync(context.RequestAborted);
        var searched = Search.AnyAsync(context.RequestAborted);
        await FeedResponse.JsonAsync(context, feed.ServiceIndex(await audited, await searched));
    }

    private async Task VersionsAsync(HttpContext context, string id) =>
        await FeedResponse.JsonAsync(context, FeedDocuments.Versions(await Sources.VersionsAsync(id, context.RequestAborted)));

    private async Task ContentAsync(HttpContext context, string id, string versionText, string file)
    {
        var version = PackageName.ParseVersion(versionText);
        var wanted = file.ToLowerInvariant();
        var isPackage = wanted == $"{id}.{version.Text()}.nupkg";
        if (!isPackage && wanted != $"{id}.nuspec")
        {
            throw FeedException.NotFound("the package feed has no such file");
        }

        StoredPackage package;
        FileStream? content;
        var attempts = 0;
        do
        {
            package = await Sources.PackageAsync(id, version, context.RequestAborted);
            content = await store.OpenAsync(package, context.RequestAborted);
        }
        while (content is null && ++attempts < 3);

        await using var opened = content ?? throw FeedException.Upstream($"the kept file of {id} {version} is damaged again and again; look at the host's disk");
        if (!isPackage)
        {
            await NuspecAsync(context, opened);
            return;
        }

        if (HttpMethods.IsGet(context.Request.Method))
        {
            var hash = "sha512-" + Convert.ToBase64String(Convert.FromHexString(package.Hash));
            entered.Add(new PackageLogEntry
            {
                Kind = "nuget",
                Id = package.Id,
                Version = package.Version,
                Source = package.Source,
                Hash = hash,
                Signature = package.Signature,
                Time = DateTimeOffset.UtcNow,
            });
        }

        await FeedResponse.StreamAsync(context, opened, "application/octet-stream", package.SizeBytes);
    }

    private static async Task NuspecAsync(HttpContext context, Stream package)
    {
        using var reader = new PackageArchiveReader(package, leaveStreamOpen: true);
        await using var nuspec = await reader.GetNuspecAsync(context.RequestAborted);
        await FeedResponse.StreamAsync(context, nuspec, "application/xml", null);
    }

    private async Task RegistrationAsync(HttpContext context, FeedDocuments feed, string id) =>
        await FeedResponse.JsonAsync(context, await Registration.IndexAsync(feed, id, await Sources.MetadataAsync(id, context.RequestAborted)));

    private async Task LeafAsync(HttpContext context, FeedDocuments feed, string id, string versionText)
    {
        var version = PackageName.ParseVersion(versionText);
        var found = (await Sources.MetadataAsync(id, context.RequestAborted)).FirstOrDefault(one => one.Identity.Version == version)
            ?? throw FeedException.NotFound($"no package source of the host has {id} {version}");
        await FeedResponse.JsonAsync(context, await Registration.LeafAsync(feed, id, found));
    }

    private async Task AdvisoryIndexAsync(HttpContext context, FeedDocuments feed)
    {
        var answer = await RequireAdviceAsync(context);
        await FeedResponse.JsonAsync(context, new JsonArray(new JsonObject
        {
            ["@name"] = "all",
            ["@id"] = $"{feed.Base}/vulnerabilities/all.json",
            ["@updated"] = answer.Time.ToString("O"),
            ["comment"] = "the advisories of the host's sources",
        }));
    }

    private async Task AdvisoryPageAsync(HttpContext context) =>
        await FeedResponse.JsonAsync(context, (await RequireAdviceAsync(context)).Page!);

    private async Task<Advisories.Answer> RequireAdviceAsync(HttpContext context) =>
        await Advice.AskAsync(context.RequestAborted) ?? throw FeedException.NotFound("no source of the host publishes advisories");

    private async Task SearchAsync(HttpContext context, FeedDocuments feed)
    {
        var query = context.Request.Query;
        var text = query["q"].ToString();
        if (text.Length > 200)
        {
            throw FeedException.BadRequest("the search text is too long");
        }

        var skip = int.TryParse(query["skip"], out var first) ? Math.Clamp(first, 0, 10_000) : 0;
        var take = int.TryParse(query["take"], out var count) ? count : 20;
        var prerelease = bool.TryParse(query["prerelease"], out var asked) && asked;
        await FeedResponse.JsonAsync(context, await Search.AskAsync(feed, text, skip, take, prerelease, context.RequestAborted));
    }
}
