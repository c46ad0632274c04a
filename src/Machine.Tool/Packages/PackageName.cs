using System.Text.RegularExpressions;
using NuGet.Packaging.Core;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>What a guest may ask for: it is tainted, becomes part of file names and of upstream requests, and is read strictly.</summary>
internal static partial class PackageName
{
    private const int MaximumId = 100;
    private const int MaximumVersion = 128;

    /// <returns>The id in lower case.</returns>
    /// <exception cref="FeedException">It is no package id. Ids with letters beyond ASCII are not served.</exception>
    public static string ParseId(string text) =>
        text.Length <= MaximumId && Id().IsMatch(text)
            ? text.ToLowerInvariant()
            : throw FeedException.BadRequest("not a package id");

    /// <exception cref="FeedException">It is no version.</exception>
    public static NuGetVersion ParseVersion(string text) =>
        text.Length <= MaximumVersion && Version().IsMatch(text) && NuGetVersion.TryParse(text, out var version)
            ? version
            : throw FeedException.BadRequest("not a package version");

    /// <summary>As the v3 protocol and our file names write it.</summary>
    public static string Text(this NuGetVersion version) => version.ToNormalizedString().ToLowerInvariant();

    public static PackageIdentity Identity(string id, NuGetVersion version) => new(id, version);

    [GeneratedRegex(@"^[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"^[0-9A-Za-z.+-]+\z")]
    private static partial Regex Version();
}
