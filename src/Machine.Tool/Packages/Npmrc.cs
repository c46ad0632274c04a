using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Packages;

/// <summary>
/// npm's settings of the host: user and global npmrc and npm_config_ variables. The project's own .npmrc is left out: it
/// comes with the code and must not decide where the host sends its tokens.
/// </summary>
internal sealed partial class Npmrc
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    /// <summary>The user's file, as npm finds it.</summary>
    public static string UserFile =>
        Variable("userconfig") ?? Path.Combine(UserHome.Folder, ".npmrc");

    public string? this[string key] => values.TryGetValue(key, out var value) && value.Length > 0 ? value : null;

    /// <summary>Adds a file's settings over those that are there; a missing file adds nothing.</summary>
    public Npmrc AddFile(string path) => File.Exists(path) ? AddText(File.ReadAllText(path)) : this;

    public Npmrc AddText(string text)
    {
        foreach (var line in text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] is not (';' or '#' or '[')))
        {
            var (key, value) = line.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (line[..at].Trim(), line[(at + 1)..].Trim()) : (line, "true");
            if (value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0])
            {
                value = value[1..^1];
            }

            values[Expand(key)] = Expand(value);
        }

        return this;
    }

    /// <summary>Adds npm_config_ variables, which npm puts above its files.</summary>
    public Npmrc AddEnvironment()
    {
        foreach (var name in new[] { "registry", "proxy", "https-proxy" })
        {
            if (Variable(name.Replace('-', '_')) is { } value)
            {
                values[name] = value;
            }
        }

        return this;
    }

    /// <summary>The registry of a package's scope, where one is configured.</summary>
    public string? ScopeRegistry(string packageName) =>
        packageName.StartsWith('@') ? this[packageName[..packageName.IndexOf('/', StringComparison.Ordinal)] + ":registry"] : null;

    /// <summary>What is sent to an address: the setting of its longest matching prefix (<c>//host/path/:_authToken</c>), as npm does it.</summary>
    public AuthenticationHeaderValue? AuthorizationFor(Uri address)
    {
        var path = address.AbsolutePath;
        while (true)
        {
            path = path[..(path.LastIndexOf('/') + 1)];
            var prefix = $"//{address.Authority}{path}";
            if ((Authorization(prefix + ":") ?? Authorization(prefix.TrimEnd('/') + ":")) is { } found)
            {
                return found;
            }

            if (path.Length <= 1)
            {
                return null;
            }

            path = path[..^1];
        }
    }

    private AuthenticationHeaderValue? Authorization(string prefix)
    {
        // What no header can hold is no token.
        if (this[prefix + "_authToken"] is { } token && !token.Any(char.IsControl))
        {
            return new AuthenticationHeaderValue("Bearer", token);
        }

        if (this[prefix + "_auth"] is { } basic && !basic.Any(char.IsControl))
        {
            return new AuthenticationHeaderValue("Basic", basic);
        }

        return this[prefix + "username"] is { } user && this[prefix + "_password"] is { } encoded && Decoded(encoded) is { } password
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")))
            : null;
    }

    // Null where it is no base64: the registry then says that it refuses, which tells more than a crash.
    private static string? Decoded(string password)
    {
        var bytes = new byte[password.Length];
        return Convert.TryFromBase64String(password, bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable("npm_config_" + name) ?? Environment.GetEnvironmentVariable("NPM_CONFIG_" + name.ToUpperInvariant());

    private static string Expand(string text) =>
        Reference().Replace(text, match => Environment.GetEnvironmentVariable(match.Groups[1].Value) ?? (match.Groups[2].Length > 0 ? "" : match.Value));

    [GeneratedRegex(@"\$\{([^}?]+)(\?)?\}")]
    private static partial Regex Reference();
}
