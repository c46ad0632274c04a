using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Distributions;

/// <summary>
/// Where Debian's packages come from: the mirror that this host's own package manager uses, for whichever release is
/// asked. No public mirror is known to this tool.
/// </summary>
internal static class DebianMirror
{
    public const string MirrorVariable = "MACHINE_DEBIAN_MIRROR";
    public const string SecurityVariable = "MACHINE_DEBIAN_SECURITY_MIRROR";

    private static readonly string[] Releases =
    [
        "buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldoldstable", "oldstable", "stable", "testing", "unstable",
    ];

    private static readonly string[] Keyrings = ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

    /// <param name="folder">The package manager's configuration, <c>/etc/apt</c>.</param>
    /// <exception cref="MachineException">This host has no mirror of Debian configured.</exception>
    public static IReadOnlyList<AptSource> Find(string folder, string codename, Func<string, string?> environment)
    {
        var keyring = Keyrings.FirstOrDefault(File.Exists);
        if (environment(MirrorVariable) is { Length: > 0 } mirror)
        {
            mirror = mirror.TrimEnd('/');
            var security = environment(SecurityVariable) is { Length: > 0 } given ? given
                : mirror.EndsWith("/debian", StringComparison.Ordinal) ? mirror + "-security"
                : null;
            AptSource main = new([mirror], [codename, $"{codename}-updates"], ["main"], keyring);
            return security is null ? [main] : [main, new([security], [$"{codename}-security"], ["main"], keyring)];
        }

        var sources = Select(Read(folder), codename, keyring);
        return sources.Any(source => source.Suites.Contains(codename)) ? sources : throw new MachineException(
            $"this system's package manager ({folder}) has no mirror of Debian, from which the image's packages could come",
            $"set {MirrorVariable} to the address of a Debian mirror, for example your company's (and {SecurityVariable} to its security archive, where that is elsewhere)",
            ExitCode.MachineUnavailable);
    }

    /// <summary>The addresses of this host's mirror, whatever the release; none where it has no mirror.</summary>
    public static IReadOnlyList<string> Addresses()
    {
        try
        {
            return [.. Find("/etc/apt", Releases[0], Environment.GetEnvironmentVariable).SelectMany(source => source.Uris).Distinct(StringComparer.Ordinal)];
        }
        catch (MachineException)
        {
            return [];
        }
    }

    /// <summary>An entry as a guest may hold it: the mirror is asked by this host, which knows its address and password, and the keyring is the guest's own.</summary>
    /// <param name="mirrors">See <see cref="Addresses"/>.</param>
    public static AptSource ForGuest(AptSource source, IReadOnlyList<string> mirrors) => source with
    {
        Uris = [.. source.Uris.Select(uri => mirrors.Index().FirstOrDefault(mirror => mirror.Item == uri && uri.StartsWith("http", StringComparison.Ordinal)) is { Item: not null } known ? $"{GuestLayout.AptUrl}{known.Index}" : WithoutUser(uri))],
        SignedBy = source.SignedBy?.Contains('\n', StringComparison.Ordinal) == true ? source.SignedBy : "/usr/share/keyrings/debian-archive-keyring.gpg",
    };

    private static string WithoutUser(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.UserInfo.Length > 0 ? uri.Replace(parsed.UserInfo + "@", "", StringComparison.Ordinal) : uri;

    /// <summary>The distribution's own entries, with the suites of <paramref name="codename"/>; third parties' are left out.</summary>
    internal static IReadOnlyList<AptSource> Select(IEnumerable<AptSource> sources, string codename, string? keyring)
    {
        var own = sources.Where(IsDebians).ToList();
        // Signed by nothing in particular and not called Debian: only if there is nothing better.
        if (own.Any(NamedDebian))
        {
            own.RemoveAll(source => !NamedDebian(source));
        }

        return own
            .Select(source => source with
            {
                Uris = [.. source.Uris.SelectMany(Resolve)],
                Suites = [.. source.Suites.Select(suite => Rewrite(suite, codename)).OfType<string>().Distinct()],
                SignedBy = source.SignedBy ?? keyring,
            })
            .Where(source => source.Suites.Count > 0 && source.Uris.Count > 0)
            .DistinctBy(source => source.ToStanza())
            .ToList();
    }

    private static IEnumerable<AptSource> Read(string folder)
    {
        var list = Path.Combine(folder, "sources.list");
        var parts = Path.Combine(folder, "sources.list.d");
        string[] files = Directory.Exists(parts) ? [.. Directory.GetFiles(parts).Order(StringComparer.Ordinal)] : [];
        return files.Prepend(list).Where(File.Exists).SelectMany(file => Path.GetExtension(file) switch
        {
            ".list" => AptSource.ParseList(File.ReadAllText(file)),
            ".sources" => AptSource.ParseStanzas(File.ReadAllText(file)),
            _ => [],
        });
    }

    private static bool IsDebians(AptSource source) =>
        source.Components.Contains("main")
        && source.Suites.Any(suite => Releases.Contains(Release(suite)))
        && (source.SignedBy is null
            || source.SignedBy.Contains("debian", StringComparison.OrdinalIgnoreCase)
            || source.SignedBy.Contains("BEGIN PGP", StringComparison.Ordinal));

    private static bool NamedDebian(AptSource source) =>
        source.SignedBy?.Contains("debian-archive", StringComparison.OrdinalIgnoreCase) == true
        || source.Uris.Any(uri => uri.Contains("debian", StringComparison.OrdinalIgnoreCase));

    private static string Release(string suite) =>
        suite.EndsWith("/updates", StringComparison.Ordinal) ? suite[..^"/updates".Length] : suite.Split('-')[0];

    // Backports and proposed updates would change what is installed; an image has the release, its updates and its fixes.
    private static string? Rewrite(string suite, string codename)
    {
        var release = Release(suite);
        return !Releases.Contains(release) ? null : suite[release.Length..] switch
        {
            "" => codename,
            "-updates" => $"{codename}-updates",
            "-security" or "/updates" => $"{codename}-security",
            _ => null,
        };
    }

    // Cloud images name a file that lists mirrors; the guest will not have that file.
    private static IEnumerable<string> Resolve(string uri)
    {
        const string prefix = "mirror+file:";
        if (!uri.StartsWith(prefix, StringComparison.Ordinal))
        {
            return [uri];
        }

        var file = uri[prefix.Length..];
        return File.Exists(file)
            ? File.ReadLines(file).Select(line => line.Split('#')[0].Trim().Split('\t')[0]).Where(line => line.Length > 0)
            : [];
    }
}
