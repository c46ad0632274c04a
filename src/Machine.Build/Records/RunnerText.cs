using System.Text.RegularExpressions;

namespace Machine.Build.Records;

/// <summary>
/// Text of a guest in a pipeline's log, without what the runner obeys: <c>##vso[</c>, <c>##[</c>, <c>##teamcity[</c> anywhere, <c>::name</c> at the
/// beginning of a line. A space after their first character makes them text, as the tool does with a command's own output.
/// </summary>
internal static class RunnerText
{
    // Runners skip white space, controls and what has no width; CleanText spelled out most of it.
    private const string Skipped = @"[^\x20-\x7e\r\n]*";

    private static readonly Regex Anywhere = new(
        $"#(?={Skipped}#{Skipped}(\\[|{Spread("vso[")}|{Spread("teamcity[")}))", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant);

    private static readonly Regex AtTheBeginning = new(
        $@"(?<=(^|[\r\n])[^\x21-\x7e\r\n]*):(?={Skipped}:{Skipped}[A-Za-z])", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant);

    /// <summary>As it is where no runner reads, or <c>MACHINE_RAW</c> is set.</summary>
    public static string Shown(string text) => text.IndexOf(':') < 0 && text.IndexOf('#') < 0 ? text : IsRead() ? Defuse(text) : text;

    public static string Defuse(string text) => Anywhere.Replace(AtTheBeginning.Replace(text, ": "), "# ");

    private static string Spread(string word) => string.Join(Skipped, word.Select(c => Regex.Escape(c.ToString())));

    private static bool IsRead() =>
        (Has("GITHUB_ACTIONS") || Has("TF_BUILD") || Has("TEAMCITY_VERSION")) && Environment.GetEnvironmentVariable("MACHINE_RAW") is null or "" or "0";

    private static bool Has(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
