using System.Text.RegularExpressions;

namespace Machine.Tool.Packages;

/// <summary>What a guest asks of the npm registry: a package's document, or the file of one of its versions. Tainted, read strictly.</summary>
/// <param name="Name"><c>name</c> or <c>@scope/name</c>.</param>
/// <param name="Version">Null for the document.</param>
internal sealed partial record NpmRequest(string Name, string? Version)
{
    private const int MaximumName = 214;

    private string FilePrefix => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..] + "-";

    /// <summary>Where a version's file is found with us. Always this form, whatever the registry's own addresses look like.</summary>
    public static string TarballPath(string name, string version) => $"{name}/-/{new NpmRequest(name, version).FilePrefix}{version}.tgz";

    /// <param name="path">What follows <c>/npm/</c>.</param>
    /// <exception cref="FeedException">It is neither.</exception>
    public static NpmRequest Parse(string path)
    {
        var text = path.Replace("%2f", "/", StringComparison.OrdinalIgnoreCase);
        var at = text.IndexOf("/-/", StringComparison.Ordinal);

        // npm 9 with --replace-registry-host=always puts the registry's own path before the addresses that we gave it.
        const string Again = "npm/";
        if (at > Again.Length && text.StartsWith(Again, StringComparison.Ordinal))
        {
            text = text[Again.Length..];
            at -= Again.Length;
        }

        var name = at < 0 ? text : text[..at];
        if (name.Length > MaximumName || !NameForm().IsMatch(name))
        {
            throw FeedException.NotFound("the npm registry of this machine serves package documents and package files only");
        }

        if (at < 0)
        {
            return new NpmRequest(name, null);
        }

        var file = text[(at + 3)..];
        var prefix = new NpmRequest(name, null).FilePrefix;
        var version = file.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && file.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase) && file.Length > prefix.Length + 4
            ? file[prefix.Length..^4]
            : "";
        return IsVersion(version) ? new NpmRequest(name, version) : throw FeedException.NotFound($"no such file of {name}");
    }

    public static bool IsVersion(string text) => text.Length <= 128 && VersionForm().IsMatch(text);

    [GeneratedRegex(@"^(@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*\z")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^[0-9][0-9A-Za-z.+-]*\z")]
    private static partial Regex VersionForm();
}
