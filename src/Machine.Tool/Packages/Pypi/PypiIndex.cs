using System.Collections.Concurrent;
using Machine.Tool.Hosting;
using Machine.Tool.Packages.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages.Pypi;

/// <summary>
/// A read-only index of Python's packages below /pypi/ that hands on the host's own: pages with our addresses in them, files by the hash that their page
/// publishes. Passwords stay on the host, and so does what was fetched once.
/// </summary>
internal sealed class PypiIndex : IDisposable
{
    public const string Kind = "pypi";

    private const long MostOfFile = 8L << 30;
    private const long MostOfMetadata = 16L << 20;
    private const int MostRemembered = 50_000;
    private const string MetadataEnding = ".metadata";
    private static readonly TimeSpan FileLimit = TimeLimit.Minutes(60);
    private static readonly TimeSpan RememberInterval = TimeSpan.FromMinutes(5);

    // Pages of large packages are held in memory while they are rewritten.
    private readonly SemaphoreSlim slots = new(16);
    private readonly ConcurrentDictionary<string, (JudgedPage Judged, RuleSet Rules, DateTimeOffset Time)> known = new(StringComparer.Ordinal);
    private readonly PypiUpstream upstream;
    private readonly PublishedFiles files;
    private readonly PypiGate gate;
    private readonly PackageLog entered;
    private readonly ILogger log;
    private readonly Func<string?> refusal;
    private int remembered;

    /// <param name="packagesFolder">The host's store (<see cref="Hosting.MachinePaths.Packages"/>).</param>
    /// <param name="refusal">Why the machine may not ask, in words for pip; null where it may.</param>
    /// <param name="rules">Which packages may enter; null: every one.</param>
    public PypiIndex(string packagesFolder, PackageLog entered, ILogger log, Func<string?> refusal, PackageRules? rules = null)
    {
        (this.entered, this.log, this.refusal) = (entered, log, refusal);
        upstream = new PypiUpstream(new KeptAnswers(packagesFolder, Kind, log), log);
        files = new PublishedFiles(new ContentStore(packagesFolder, ".pypi", log, isSha256: true), "the package index", "page", FileLimit);
        gate = new PypiGate(rules ?? new PackageRules(null), entered);
    }

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/pypi/{**path}", context => FeedResponse.GuardAsync(context, slots, log, () => PypiRefusal.TellAsync(context, () => AnswerAsync(context))));

    public void Dispose()
    {
        upstream.Dispose();
        slots.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (refusal() is { } reason)
        {
            throw FeedException.Refused(reason);
        }

        return (context.Request.Path.Value ?? "").Split('/') switch
        {
            ["", "pypi", "simple", var name] => PageAsync(context, PypiName.Parse(name)),
            ["", "pypi", "simple", var name, ""] => PageAsync(context, PypiName.Parse(name)),
            ["", "pypi", "files", var name, var file] => FileAsync(context, PypiName.Parse(name), file),
            _ => throw FeedException.NotFound("the package index of this machine serves pages of packages and their files only"),
        };
    }

    private async Task PageAsync(HttpContext context, string name)
    {
        gate.RequireName(name);
        var judged = await LoadAsync(name, context.RequestAborted);
        gate.Tell(judged);
        var accept = context.Request.Headers.Accept.ToString();
        context.Response.Headers.Vary = "Accept";
        // From a page at /pypi/simple/NAME/, whatever the machine's address is called inside.
        var up = (context.Request.Path.Value ?? "").EndsWith('/') ? "../../" : "../";
        if (accept.Contains(PypiJson.Type, StringComparison.OrdinalIgnoreCase))
        {
            await FeedResponse.BytesAsync(context, PypiJson.Write(judged.Page, Ours), PypiJson.Type);
            return;
        }

        var type = accept.Contains(PypiHtml.Type, StringComparison.OrdinalIgnoreCase) ? PypiHtml.Type : PypiHtml.OldType;
        await FeedResponse.BytesAsync(context, PypiHtml.Write(judged.Page, Ours), type + "; charset=utf-8");

        string Ours(PypiFile file) => $"{up}files/{name}/{Uri.EscapeDataString(file.Name)}";
    }

    private async Task FileAsync(HttpContext context, string name, string wanted)
    {
        gate.RequireName(name);
        var isMetadata = wanted.EndsWith(MetadataEnding, StringComparison.Ordinal);
        var file = gate.Require(await LoadAsync(name, context.RequestAborted), isMetadata ? wanted[..^MetadataEnding.Length] : wanted);
        if (isMetadata && file.Metadata is null)
        {
            throw FeedException.NotFound($"the package index has no metadata of {file.Name}");
        }

        // Where a query signs the file's address, this one is beside the file all the same: PEP 658 appends to the path.
        var address = isMetadata ? new UriBuilder(file.Address) { Path = file.Address.AbsolutePath + MetadataEnding }.Uri : file.Address;
        var most = isMetadata ? MostOfMetadata : MostOfFile;
        if (PypiFile.Sha256Of(isMetadata ? file.Metadata : file.Hashes) is { } hash)
        {
            await using var kept = await files.OpenAsync(hash, file.Name, most, token => upstream.FileAsync(file, address, token), context.RequestAborted);
            Enter(context, name, file, isMetadata);
            await FeedResponse.StreamAsync(context, kept, "application/octet-stream", kept.Length);
            return;
        }

        // Nothing says what it must be, or something that is not trusted any more: pip checks what there is, and nothing is kept.
        using var response = await upstream.FileAsync(file, address, context.RequestAborted);
        if (response.Content.Headers.ContentLength > most)
        {
            throw FeedException.Upstream($"{file.Name} is larger than {most >> 20} MiB");
        }

        Enter(context, name, file, isMetadata);
        await using var content = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await FeedResponse.RelayAsync(context, content, "application/octet-stream", response.Content.Headers.ContentLength, most, FileLimit);
    }

    private void Enter(HttpContext context, string name, PypiFile file, bool isMetadata)
    {
        if (!isMetadata && HttpMethods.IsGet(context.Request.Method))
        {
            entered.Add(new PackageLogEntry
            {
                Kind = Kind,
                Id = name,
                Version = file.Version,
                Source = file.Source!.Name,
                Hash = PypiFile.Sha256Of(file.Hashes) is { } hash ? "sha256-" + Convert.ToBase64String(Convert.FromHexString(hash)) : null,
                Time = DateTimeOffset.UtcNow,
            });
        }
    }

    private async Task<JudgedPage> LoadAsync(string name, CancellationToken cancel)
    {
        var (inForce, now) = (gate.Current, DateTimeOffset.UtcNow);
        if (known.TryGetValue(name, out var recent) && recent.Rules == inForce && now - recent.Time < RememberInterval)
        {
            return recent.Judged;
        }

        var page = await upstream.PageAsync(name, cancel) ?? throw FeedException.NotFound($"no package index of the host has {name}");
        var judged = PypiGate.Judge(page, inForce, now);
        if (Interlocked.Add(ref remembered, page.Files.Count + 1) > MostRemembered)
        {
            known.Clear();
            Interlocked.Exchange(ref remembered, page.Files.Count);
        }

        known[name] = (judged, inForce, now);
        return judged;
    }
}
