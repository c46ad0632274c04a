using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Machine.Tool.Machinefiles.Restore;

/// <summary>Whose names packages have.</summary>
internal enum PackageKind
{
    NuGet,
    Npm,
    Pypi,
}

/// <summary>Names of packages as a rule writes them: an id of NuGet's, or <c>npm:</c> or <c>pypi:</c> and a name; <c>*</c> is any number of characters, slashes too.</summary>
internal sealed partial record PackagePattern(string Text)
{
    private const string NpmPrefix = "npm:";
    private const string PypiPrefix = "pypi:";

    /// <summary>A regular expression that .NET and ECMAScript read alike.</summary>
    public const string Form = "^(npm:(@[A-Za-z0-9*~-][A-Za-z0-9*._~-]*/)?[A-Za-z0-9*~_-][A-Za-z0-9*._~-]*|pypi:[A-Za-z0-9*][A-Za-z0-9*._-]*|[A-Za-z0-9_*][A-Za-z0-9_*.-]*)$";

    public const int MaximumLength = 230;

    private PackageKind Kind => Text.StartsWith(NpmPrefix, StringComparison.Ordinal) ? PackageKind.Npm
        : Text.StartsWith(PypiPrefix, StringComparison.Ordinal) ? PackageKind.Pypi
        : PackageKind.NuGet;

    // Python's names are one however they are written: packaging.python.org/specifications/name-normalization.
    private string Name => Kind switch
    {
        PackageKind.Npm => Text[NpmPrefix.Length..],
        PackageKind.Pypi => Separators().Replace(Text[PypiPrefix.Length..], "-"),
        _ => Text,
    };

    public static bool IsPattern(string text) => text.Length <= MaximumLength && Regex().IsMatch(text) && !text.EndsWith('\n');

    /// <exception cref="InvalidDataException">It is none.</exception>
    public static PackagePattern Parse(string text) => IsPattern(text) ? new PackagePattern(text) : throw new InvalidDataException($"{text} is no name of a package");

    /// <summary>NuGet's ids and Python's names have no letter case. npm's old names have one, and two of them may differ in nothing else: so a refusal covers both.</summary>
    public bool Denies(PackageKind kind, string name) => Kind == kind && FileSystemName.MatchesSimpleExpression(Name, name, ignoreCase: true);

    public bool Allows(PackageKind kind, string name) => Kind == kind && FileSystemName.MatchesSimpleExpression(Name, name, ignoreCase: kind != PackageKind.Npm);

    /// <summary>Every name of the other pattern is one of this; a star of the other's can only be within a star of this one's.</summary>
    public bool Covers(PackagePattern other) => Allows(other.Kind, other.Name);

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();

    [GeneratedRegex(Form)]
    private static partial Regex Regex();
}
