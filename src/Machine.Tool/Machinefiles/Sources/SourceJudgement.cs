using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>Compares what a project's files say with what the user's own say. Whatever the user's do not say already is asked.</summary>
internal sealed class SourceJudgement(ProjectRoot project, SourceSet users, SourceSet together, IReadOnlyList<ConfigFile> files)
{
    public IEnumerable<SourceAsk> Asks() =>
        together.Sources.Concat(together.AuditSources).Where(source => !source.File.IsUsers).SelectMany(OfSource)
            .Concat(together.Sources.Where(source => source.File.IsUsers).SelectMany(OfCredential))
            .Concat(files.SelectMany(OfTrust))
            .DistinctBy(ask => string.Join('\0', ask.Identity));

    /// <summary>What is left out, because nothing of a project decides it.</summary>
    public IEnumerable<string> Unused()
    {
        foreach (var file in files)
        {
            foreach (var setting in file.Root.Section("config").Where(item => item["key"]?.StartsWith("http_proxy", StringComparison.OrdinalIgnoreCase) == true || item["key"]?.Equals("no_proxy", StringComparison.OrdinalIgnoreCase) == true))
            {
                yield return $"{Place(file)}: the proxy setting {Printable.Escape(setting["key"]!)} is not used; proxies are the user's own configuration";
            }

            if (file.Root.Section("clientCertificates").Any(item => item.Name != "clear"))
            {
                yield return $"{Place(file)}: its client certificates are not used; they are the user's own configuration";
            }
        }

        foreach (var source in together.Sources.Concat(together.AuditSources).DistinctBy(source => source.Name, StringComparer.OrdinalIgnoreCase))
        {
            if (together.Credential(source.Name) is { IsLiteral: false } credential)
            {
                yield return $"{Place(credential.File)}: the password for {Printable.Escape(source.Name)} is a variable or encrypted, and is not used: no variable of this host is put into a project's file";
            }
        }
    }

    private IEnumerable<SourceAsk> OfSource(NamedSource source)
    {
        var known = users.Sources.Concat(users.AuditSources).Where(own => own.Address == source.Address).ToList();
        var written = Printable.Escape(source.Value) + (Variables.In(source.Value) ? " (as written: no variable of this host is put in)" : "");
        if (known.Count == 0)
        {
            yield return source.IsWeb
                ? Ask(source.File, $"packages come from {written}{(source.IsPlainHttp ? ", unprotected" : "")}; the guest can send it any name", "source", source.Address)
                : Ask(source.File, $"reads the folder {written}{(source.Address == source.Value ? "" : $" ({Printable.Escape(source.Address)})")} of this host", "folder", source.Address);
        }

        if (source.SkipsCertificateChecks && !known.Exists(own => own.SkipsCertificateChecks))
        {
            yield return Ask(source.File, $"switches certificate checks off for {written}", "unchecked", source.Address);
        }

        if (source is { IsPlainHttp: true, AllowsPlainHttp: true } && !known.Exists(own => own.AllowsPlainHttp))
        {
            yield return Ask(source.File, $"allows plain http to {written}", "http", source.Address);
        }

        if (source.HoldsPassword && known.Count == 0)
        {
            yield return Ask(source.File, $"brings a password for {written}", "password", source.Address);
        }

        foreach (var ask in OfCredential(source))
        {
            yield return ask;
        }
    }

    private IEnumerable<SourceAsk> OfCredential(NamedSource source)
    {
        if (together.Credential(source.Name) is { IsLiteral: true } credential)
        {
            yield return Ask(credential.File, $"brings a password for {Printable.Escape(source.Value)} (user {Printable.Escape(credential.User)})", "credentials", source.Name, source.Address);
        }
    }

    private IEnumerable<SourceAsk> OfTrust(ConfigFile file)
    {
        foreach (var signer in file.Root.Section("trustedSigners"))
        {
            yield return signer.Name == "clear"
                ? Ask(file, "forgets the signers that your own configuration trusts", "signers", "clear")
                : Ask(file, $"trusts the {Printable.Escape(signer.Name)} {Printable.Escape(signer["name"] ?? "")} to sign packages: {Printable.Escape(string.Join(", ", signer.Children.Select(child => child["fingerprint"]).OfType<string>()))}", "signers", signer["name"] ?? "");
        }

        // The other way round, a project that requires signatures takes nothing from anybody.
        if (string.Equals(users.Setting("signatureValidationMode"), "require", StringComparison.OrdinalIgnoreCase)
            && file.Root.Section("config").Any(item => string.Equals(item["key"], "signatureValidationMode", StringComparison.OrdinalIgnoreCase) && !string.Equals(item["value"], "require", StringComparison.OrdinalIgnoreCase)))
        {
            yield return Ask(file, "accepts packages that no trusted signer signed", "signatures");
        }
    }

    private SourceAsk Ask(ConfigFile file, string text, params string[] what) => new($"{Place(file)}: {text}", ["nuget", Place(file), file.Hash, .. what]);

    private string Place(ConfigFile file) => Printable.Escape(Path.GetRelativePath(project.Path, file.Path).Replace('\\', '/'));
}
