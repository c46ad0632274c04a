using Machine.Tool.Packages.Rules;
using Microsoft.Extensions.Logging;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>What the guest's NuGet is told of a package that a rule keeps out; the machine's log is told too.</summary>
/// <param name="offered">Every version that the sources have.</param>
internal sealed class Refusals(
    HostNuGet host, PackageGate gate, Func<string, CancellationToken, Task<IReadOnlyList<OfferedVersion>>> offered, PackageLog entered, ILogger log)
{
    /// <exception cref="FeedException">A rule keeps the package out, whatever its version.</exception>
    public void RequireName(string id)
    {
        if (gate.OfName(id) is { } refusal)
        {
            throw Told(refusal, id, "*", "-");
        }
    }

    /// <summary>For a version that is in no list, because it is too young.</summary>
    public async Task<FeedException> OfHeldBackAsync(
        HostNuGet.Snapshot snapshot, string id, OfferedVersion held, IReadOnlyList<OfferedVersion> passing, CancellationToken cancel)
    {
        try
        {
            if ((await gate.OfAgeAsync(snapshot, held.Source, id, held.Version, cancel)).Refusal is { } refusal)
            {
                return await OfAsync(refusal, id, held.Version, held.Source.Name, passing, cancel);
            }

            return FeedException.NotFound($"no package source of the host has {id}");
        }
        catch (FeedException e)
        {
            // Only what is kept is known, and nothing says how old it is.
            return e;
        }
    }

    /// <summary>Names the newest version that would pass, so that a person knows what to write instead.</summary>
    /// <param name="source">The name of the source that gives it.</param>
    /// <param name="passing">The versions that are old enough; null where that was not asked yet.</param>
    public async Task<FeedException> OfAsync(
        Refusal refusal, string id, NuGetVersion version, string source, IReadOnlyList<OfferedVersion>? passing, CancellationToken cancel)
    {
        try
        {
            passing ??= await gate.OldEnoughAsync(host.Current(), id, await offered(id, cancel), cancel);
            NuGetVersion? newest = null;
            foreach (var one in passing.Reverse().Where(one => version.IsPrerelease || !one.Version.IsPrerelease))
            {
                if (await gate.OfAdvisoriesAsync(id, one.Version, cancel) is null)
                {
                    newest = one.Version;
                    break;
                }
            }

            refusal = refusal with { Text = newest is null ? $"{refusal.Text}; no version of it passes" : $"{refusal.Text}; {newest.Text()} is the newest version that passes" };
        }
        catch (FeedException e)
        {
            log.LogInformation("which version would pass is not known: {Reason}", e.Message);
        }

        return Told(refusal, id, version.Text(), source);
    }

    private FeedException Told(Refusal refusal, string id, string version, string source)
    {
        entered.Add(new PackageLogEntry
        {
            Kind = "nuget",
            Id = id,
            Version = version,
            Source = source,
            Refused = refusal.Text + Redaction.Link(refusal.Link),
            Time = DateTimeOffset.UtcNow,
        });
        return FeedException.Refused(refusal.Text, refusal.Link);
    }
}
