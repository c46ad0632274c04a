using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Machine.Tool.Machinefiles.Restore;

/// <summary>Names of packages as a rule writes them: an id of NuGet's, or <c>npm:</c> and a name of npm's; <c>*</c> is any number of characters, slashes too.</summary>
internal sealed partial record PackagePattern(string Text)
{
    private const string NpmPrefix = "npm:";

    /// <summary>A regular expression that .NET and ECMAScript read alike.</summary>
    public const string Form = "^(npm:(@[A-Za-z0-9*~-][A-Za-z0-9*._~-]*/)?[A-Za-z0-9*~_-][A-Za-z0-9*._~-]*|[A-Za-z0-9_*][A-Za-z0-9_*.-]*)$";

    public const int MaximumLength = 230;

    public bool IsNpm => Text.StartsWith(NpmPrefix, StringComparison.Ordinal);

    private string Name => IsNpm ? Text[NpmPrefix.Length..] : Text;

    public static bool IsPattern(string text) => text.Length <= MaximumLength && Regex().IsMatch(text) && !text.EndsWith('\n');

    /// <exception cref="InvalidDataException">It is none.</exception>
    public static PackagePattern Parse(string text) => IsPattern(text) ? new PackagePattern(text) : throw new InvalidDataException($"{text} is no name of a package");

    /// <summary>NuGet's ids have no letter case. npm's old names have one, and two of them may differ in nothing else: so a refusal covers both.</summary>
    public bool Denies(bool isNpm, string name) => IsNpm == isNpm && FileSystemName.MatchesSimpleExpression(Name, name, ignoreCase: true);

    public bool Allows(bool isNpm, string name) => IsNpm == isNpm && FileSystemName.MatchesSimpleExpression(Name, name, ignoreCase: !isNpm);

    /// <summary>Every name of the other pattern is one of this; a star of the other's can only be within a star of this one's.</summary>
    public bool Covers(PackagePattern other) => Allows(other.IsNpm, other.Name);

    [GeneratedRegex(Form)]
    private static partial Regex Regex();
}
