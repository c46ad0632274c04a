namespace Machine.Tool.Machinefiles.Sources;

/// <summary>
/// What several nuget.config files say together, by NuGet's rules: the nearest file's sources come first, a name that is said again
/// counts where it is nearest, and <c>clear</c> forgets what farther files said.
/// </summary>
internal sealed class SourceSet
{
    private SourceSet(IReadOnlyList<ConfigFile> files)
    {
        Files = files;
        Disabled = Merge("disabledPackageSources", _ => true, StringComparison.Ordinal);
        Sources = [.. Named("packageSources")];
        AuditSources = [.. Named("auditSources")];
        Mapping = [.. Merge("packageSourceMapping", item => item.Name == "packageSource")
            .Select(item => (item.Node["key"]!, (IReadOnlyList<string>)[.. item.Node.Children.Where(child => child.Name == "package").Select(child => child["pattern"] ?? "")]))];
    }

    /// <summary>The nearest first.</summary>
    public IReadOnlyList<ConfigFile> Files { get; }

    /// <summary>Enabled ones, in order.</summary>
    public IReadOnlyList<NamedSource> Sources { get; }

    public IReadOnlyList<NamedSource> AuditSources { get; }

    /// <summary>Patterns of package ids by the name of the source that they are mapped to.</summary>
    public IReadOnlyList<(string Source, IReadOnlyList<string> Patterns)> Mapping { get; }

    private IReadOnlyList<(ConfigNode Node, ConfigFile File)> Disabled { get; }

    /// <param name="files">The nearest first.</param>
    public static SourceSet Of(IEnumerable<ConfigFile> files) => new([.. files]);

    /// <summary>The value of a key of <c>config</c>; the nearest file's.</summary>
    public string? Setting(string key) =>
        Merge("config", _ => true).FirstOrDefault(item => item.Node["key"]!.Equals(key, StringComparison.OrdinalIgnoreCase)).Node?["value"];

    /// <summary>User name and password that a project's file holds for the source of that name, as they are written.</summary>
    public ProjectCredential? Credential(string name)
    {
        foreach (var file in Files.Where(file => !file.IsUsers))
        {
            foreach (var section in file.Root.Section("packageSourceCredentials").Reverse())
            {
                if (section.Name == "clear")
                {
                    return null;
                }

                // Names that are no XML names are written encoded (a blank as _x0020_).
                if (System.Xml.XmlConvert.DecodeName(section.Name).Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    string? Value(string key) => section.Children.LastOrDefault(child => string.Equals(child["key"], key, StringComparison.OrdinalIgnoreCase))?["value"];
                    return new ProjectCredential(Value("Username") ?? "", Value("ClearTextPassword"), Value("ValidAuthenticationTypes"), file);
                }
            }
        }

        return null;
    }

    /// <summary>The same, where it is written out.</summary>
    public ProjectCredential? LiteralCredential(string name)
    {
        var credential = Credential(name);
        return credential?.IsLiteral == true ? credential : null;
    }

    private IEnumerable<NamedSource> Named(string section) =>
        from item in Merge(section, item => item.Name == "add" && item["value"] is { Length: > 0 })
        let name = item.Node["key"]!
        where !Disabled.Any(off => off.Node["key"]! == name)
        let value = item.Node["value"]!
        select new NamedSource(name, item.File.IsUsers ? Environment.ExpandEnvironmentVariables(value) : value, item.File)
        {
            ProtocolVersion = int.TryParse(item.Node["protocolVersion"], out var version) ? version : 2,
            AllowsPlainHttp = IsTrue(item.Node["allowInsecureConnections"]),
            SkipsCertificateChecks = IsTrue(item.Node["disableTLSCertificateValidation"]),
        };

    // Names of sources are the same in any letter case, names of disabled ones are not. Within a file a later line of the same name replaces the earlier one where that stood.
    private List<(ConfigNode Node, ConfigFile File)> Merge(string section, Func<ConfigNode, bool> counts, StringComparison names = StringComparison.OrdinalIgnoreCase)
    {
        List<(ConfigNode Node, ConfigFile File)> merged = [];
        foreach (var file in Files)
        {
            var (own, cleared) = Own(file, section, names);
            merged.AddRange(own
                .Where(item => !merged.Exists(nearer => nearer.Node["key"]!.Equals(item["key"], names)))
                .Select(item => (item, file)));
            if (cleared)
            {
                break;
            }
        }

        return [.. merged.Where(item => counts(item.Node))];
    }

    private static (List<ConfigNode> Items, bool Cleared) Own(ConfigFile file, string section, StringComparison names)
    {
        List<ConfigNode> items = [];
        var cleared = false;
        foreach (var item in file.Root.Section(section))
        {
            if (item.Name == "clear")
            {
                items.Clear();
                cleared = true;
            }
            else if (item["key"] is { Length: > 0 } key)
            {
                var same = items.FindIndex(other => other["key"]!.Equals(key, names));
                if (same < 0)
                {
                    items.Add(item);
                }
                else
                {
                    items[same] = item;
                }
            }
        }

        return (items, cleared);
    }

    private static bool IsTrue(string? value) => string.Equals(value?.Trim(), "true", StringComparison.OrdinalIgnoreCase);
}

/// <summary>What a project's file says to sign in with.</summary>
/// <param name="Password">Null where it is encrypted, which no project's file can be for this user.</param>
internal sealed record ProjectCredential(string User, string? Password, string? AuthenticationTypes, ConfigFile File)
{
    /// <summary>It is written out: nothing of this host's environment is asked for.</summary>
    public bool IsLiteral => Password is not null && !Variables.In(Password) && !Variables.In(User);
}
