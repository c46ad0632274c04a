using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Sources;
using Microsoft.Extensions.Logging;
using NuGet.Configuration;
using NuGet.Protocol;

namespace Machine.Tool.Packages;

/// <summary>
/// The sources of one feed: the user's own NuGet configuration, read again when it changes, and over it the project's files as they were
/// approved. NuGet itself reads the user's files only; what a project's say is put together here, value by value, with nothing expanded.
/// </summary>
/// <param name="userFiles">The user's files, the nearest first; null: those that NuGet finds on this host.</param>
internal sealed class HostNuGet(ProjectSources approved, IReadOnlyList<string>? userFiles, string cacheFolder, ILogger log)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private ProjectSources project = approved;
    private Snapshot? current;
    private DateTimeOffset looked;
    private bool toldOutdated;

    /// <summary>What to do, where the project's files are not the ones in use any more; else null.</summary>
    public string? Outdated
    {
        get
        {
            lock (gate)
            {
                if (!project.IsOutdated(userFiles))
                {
                    return null;
                }

                if (!toldOutdated)
                {
                    toldOutdated = true;
                    log.LogWarning("the project's nuget.config has changed; what was approved stays in use until the next command of this machine");
                }

                return "the project's nuget.config has changed since: run the command again, which asks where that needs an approval";
            }
        }
    }

    /// <summary>Takes the project's files as they were approved meanwhile.</summary>
    public void Use(ProjectSources next)
    {
        lock (gate)
        {
            if (!next.Files.Select(file => (file.Path, file.Hash)).SequenceEqual(project.Files.Select(file => (file.Path, file.Hash))))
            {
                log.LogInformation("the project's nuget.config has changed and may be used as it is now");
                looked = default;
                current = null;
            }

            project = next;
            toldOutdated = false;
        }
    }

    /// <exception cref="FeedException">The configuration can't be read, or asks for more than was approved.</exception>
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
                var settings = userFiles is null ? Settings.LoadDefaultSettings(root: null) : Settings.LoadSettingsGivenConfigPaths([.. userFiles]);
                var stamp = Stamp(settings);
                if (current?.Stamp != stamp)
                {
                    current = null;
                    current = Load(settings, stamp);
                }

                looked = DateTimeOffset.UtcNow;
                return current;
            }
            catch (Exception e) when (e is NuGetConfigurationException or MachineException)
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
        // NuGet has one credential service a process. It keeps the log of the feed that was made first.
        HttpHandlerResourceV3.CredentialService ??= new Lazy<ICredentialService>(() => PluginCredentials.OfThisUser(new NuGetLog(log)));
        var provider = new PackageSourceProvider(settings);
        var users = provider.LoadPackageSources().Where(source => source.IsEnabled).ToList();
        var audit = provider.LoadAuditSources().Where(source => source.IsEnabled).ToList();
        var snapshot = project.Files.Count == 0
            ? new Snapshot(stamp, settings, [.. users.Select(Users)], [.. audit.Select(Users)], PackageSourceMapping.GetPackageSourceMapping(settings))
            : WithProject(settings, stamp, users, audit);
        log.LogInformation("package sources: {Sources}", string.Join(", ", snapshot.Sources.Select(source => source.Name)));
        return snapshot.AuditSources.Count > 0 ? snapshot : snapshot with { AuditSources = snapshot.Sources };
    }

    private Snapshot WithProject(ISettings settings, string stamp, List<PackageSource> users, List<PackageSource> audit)
    {
        // The user's own configuration may have lost meanwhile what made the project's harmless.
        if (project.JudgedAnew(userFiles).Asks.FirstOrDefault(ask => !project.Asks.Any(ask.IsSame)) is { } ask)
        {
            log.LogWarning("not approved, now that your own NuGet configuration has changed: {Ask}", Redaction.Secrets(ask.Text));
            throw FeedException.Refused("beside your own NuGet configuration as it is now, the project's nuget.config asks for more than was approved: run the command again");
        }

        var together = SourceSet.Of(project.Files.Concat(settings.GetConfigFilePaths().Select(path => ConfigFile.Read(path, isUsers: true))));
        var mapping = together.Mapping.ToDictionary(map => map.Source, map => map.Patterns, StringComparer.OrdinalIgnoreCase);
        return new Snapshot(
            stamp,
            ApprovedTrust.Over(settings, project.Files, cacheFolder),
            [.. together.Sources.Select(source => Of(source, users, together))],
            [.. together.AuditSources.Select(source => Of(source, [.. audit, .. users], together))],
            new PackageSourceMapping(mapping));
    }

    private UpstreamSource Users(PackageSource source) => new(source, cacheFolder, log);

    /// <summary>
    /// What the user stored for a source (password, certificate, providers) belongs to its address. A name that the project gives to
    /// another address brings nothing along.
    /// </summary>
    private UpstreamSource Of(NamedSource source, List<PackageSource> users, SourceSet together)
    {
        var own = source.File.IsUsers
            ? users.Find(known => known.Name.Equals(source.Name, StringComparison.OrdinalIgnoreCase)) ?? throw FeedException.Upstream($"the host's NuGet configuration of the source '{Redaction.Reason(source.Name)}' can't be read")
            : users.Find(known => new NamedSource(known.Name, known.Source, source.File).Address == source.Address);
        var brought = own?.Credentials is null ? together.LiteralCredential(source.Name) : null;
        if (source.File.IsUsers && brought is null)
        {
            return Users(own!);
        }

        var made = new PackageSource(source.IsWeb ? source.Value.Trim() : source.Address, source.Name, isEnabled: true)
        {
            ProtocolVersion = source.ProtocolVersion,
            AllowInsecureConnections = source.AllowsPlainHttp,
            DisableTLSCertificateValidation = source.SkipsCertificateChecks,
            Credentials = brought is null
                ? own?.Credentials
                : new PackageSourceCredential(source.Name, brought.User, brought.Password!, isPasswordClearText: true, brought.AuthenticationTypes),
            ClientCertificates = own?.ClientCertificates,
            MinPublishAge = own?.MinPublishAge ?? TimeSpan.Zero,
        };
        return new UpstreamSource(
            made,
            cacheFolder,
            log,
            new ProjectNamed(AsksProviders: own is not null, brought is null ? source.HoldsPassword ? source.Address : null : $"{brought.User}\0{brought.Password}"));
    }

    /// <param name="AuditSources">Where advisories come from: the configured audit sources, else the package sources, as NuGet does.</param>
    internal sealed record Snapshot(
        string Stamp, ISettings Settings, IReadOnlyList<UpstreamSource> Sources, IReadOnlyList<UpstreamSource> AuditSources, PackageSourceMapping Mapping)
    {
        /// <summary>Packages that the user's <c>minPublishAgeHours</c> leave out.</summary>
        public MinPublishAgeExceptions AgeExceptions { get; } = MinPublishAgeExceptions.GetMinPublishAgeExceptions(Settings);

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
