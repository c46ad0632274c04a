using Microsoft.Extensions.Logging;
using NuGet.Configuration;
using NuGet.Credentials;

namespace Machine.Tool.Packages;

/// <summary>
/// The host's effective NuGet configuration for the project's folder: sources in their order, credentials, mapping, trust.
/// No project is evaluated. Read again when one of its files has changed, so a machine need not be restarted for a new source.
/// </summary>
internal sealed class HostNuGet(string? projectFolder, ILogger log)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private Snapshot? current;
    private DateTimeOffset looked;

    /// <exception cref="FeedException">The configuration can't be read.</exception>
    public Snapshot Current()
    {
        lock (gate)
        {
            if (current is not null && DateTimeOffset.UtcNow - looked < LookAgain)
            {
                return current;
            }

            try
            {
                var settings = Settings.LoadDefaultSettings(projectFolder);
                var stamp = Stamp(settings);
                looked = DateTimeOffset.UtcNow;
                if (current?.Stamp != stamp)
                {
                    current = Load(settings, stamp);
                }

                return current;
            }
            catch (NuGetConfigurationException e)
            {
                log.LogError("the host's NuGet configuration can't be read: {Reason}", Redaction.Secrets(e.Message));
                throw FeedException.Upstream("the host's NuGet configuration can't be read; dotnet machine logs says more", e);
            }
        }
    }

    private static string Stamp(ISettings settings) =>
        string.Join('\n', settings.GetConfigFilePaths().Select(file => $"{file} {File.GetLastWriteTimeUtc(file).Ticks} {new FileInfo(file).Length}"));

    private Snapshot Load(ISettings settings, string stamp)
    {
        DefaultCredentialServiceUtility.SetupDefaultCredentialService(new NuGetLog(log), nonInteractive: true);
        var provider = new PackageSourceProvider(settings);
        var sources = provider.LoadPackageSources().Where(source => source.IsEnabled).Select(source => new UpstreamSource(source, log)).ToList();
        var audit = provider.LoadAuditSources().Where(source => source.IsEnabled).Select(source => new UpstreamSource(source, log)).ToList();
        log.LogInformation("package sources of the host: {Sources}", string.Join(", ", sources.Select(source => source.Name)));
        return new Snapshot(stamp, settings, sources, audit.Count > 0 ? audit : sources, PackageSourceMapping.GetPackageSourceMapping(settings));
    }

    /// <param name="AuditSources">Where advisories come from: the configured audit sources, else the package sources, as NuGet does.</param>
    internal sealed record Snapshot(
        string Stamp, ISettings Settings, IReadOnlyList<UpstreamSource> Sources, IReadOnlyList<UpstreamSource> AuditSources, PackageSourceMapping Mapping)
    {
        /// <summary>The sources that may give a package, in the configuration's order.</summary>
        /// <exception cref="FeedException">The configuration has none for it.</exception>
        public IReadOnlyList<UpstreamSource> SourcesFor(string id)
        {
            if (Sources.Count == 0)
            {
                throw FeedException.Refused("the host's NuGet configuration has no enabled package source");
            }

            if (!Mapping.IsEnabled)
            {
                return Sources;
            }

            var mapped = Mapping.GetConfiguredPackageSources(id);
            var allowed = Sources.Where(source => mapped.Contains(source.MappingName, StringComparer.OrdinalIgnoreCase)).ToList();
            return allowed.Count > 0
                ? allowed
                : throw FeedException.Refused($"packageSourceMapping of the host's nuget.config maps no enabled source to {id}");
        }
    }
}
