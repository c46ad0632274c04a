using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>
/// The import guard: tells which paths a person must name before they reach the host, because tools there execute them.
/// Names are compared as the most forgiving file system would: without case and compatibility forms, HFS' ignorable
/// characters, trailing dots and spaces, alternate streams and short names. It reads text: a name that no <see cref="ProjectPath"/> may have is judged, too.
/// </summary>
internal static class ImportGuard
{
    private static readonly Rules Everywhere = new(GuardedFiles.Everywhere);
    private static readonly HashSet<string> NeverListed = [.. GuardedFiles.NeverListed];
    private static readonly Rules OutsideOutputs = new(GuardedFiles.OutsideOutputs);

    /// <summary>Why the path is guarded wherever it lies; null when it isn't.</summary>
    public static string? ByName(string path) => Everywhere.Match(path);

    /// <summary>Why the path is guarded outside of outputs; null when it isn't.</summary>
    public static string? AsSource(string path, bool executable) =>
        Everywhere.Match(path) ?? OutsideOutputs.Match(path) ?? (executable ? "it may be executed" : null);

    /// <summary>Never imported, never listed.</summary>
    public static bool IsNeverListed(string path) => IsBelowOneOf(path, NeverListed);

    /// <summary>Whether a name on the path is one of these, folded.</summary>
    public static bool IsBelowOneOf(string path, HashSet<string> folded) => path.Split('/').Any(name => folded.Contains(NameFold.OfEntry(name)));

    private sealed class Rules
    {
        private readonly Dictionary<string, string> files = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> folders = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string> endings = new(StringComparer.Ordinal);
        private readonly List<(string Pattern, string Reason)> patterns = [];

        public Rules(IEnumerable<(string Pattern, string Reason)> rules)
        {
            foreach (var (pattern, reason) in rules)
            {
                var folded = pattern.ToLowerInvariant();
                if (folded.EndsWith('/'))
                {
                    folders[folded[..^1]] = reason;
                }
                else if (folded.StartsWith("*.", StringComparison.Ordinal) && folded.AsSpan(1).IndexOfAny('*', '?') < 0)
                {
                    endings[folded[1..]] = reason;
                }
                else if (folded.AsSpan().IndexOfAny('*', '?') >= 0)
                {
                    patterns.Add((folded, reason));
                }
                else
                {
                    files[folded] = reason;
                }
            }
        }

        public string? Match(string path)
        {
            var names = path.Split('/');
            for (var i = 0; i < names.Length; i++)
            {
                var name = NameFold.OfEntry(names[i]);
                // A guarded folder's name guards as a file, too: it may become one, or be a link to one.
                if (folders.TryGetValue(name, out var reason) || (i == names.Length - 1 && (files.TryGetValue(name, out reason) || Ending(name, out reason) || Pattern(name, out reason))))
                {
                    return reason;
                }

                if (NameFold.IsShort(name))
                {
                    return "Windows may read its name as another's";
                }
            }

            return null;
        }

        // Most patterns are "*.x": a look for each dot of the name instead of a try of each pattern.
        private bool Ending(string name, out string? reason)
        {
            for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = name.IndexOf('.', dot + 1))
            {
                if (endings.TryGetValue(name[dot..], out reason))
                {
                    return true;
                }
            }

            reason = null;
            return false;
        }

        private bool Pattern(string name, out string? reason)
        {
            foreach (var (pattern, why) in patterns)
            {
                if (Glob.MatchesName(pattern, name))
                {
                    reason = why;
                    return true;
                }
            }

            reason = null;
            return false;
        }
    }
}
