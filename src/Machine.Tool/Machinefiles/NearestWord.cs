namespace Machine.Tool.Machinefiles;

/// <summary>What somebody most likely meant to write.</summary>
internal static class NearestWord
{
    /// <summary>The known word with the fewest edits to <paramref name="word"/>, or null when none is near.</summary>
    public static string? Of(string word, IEnumerable<string> known)
    {
        // A word of any length is compared, but a long one is no slip of the finger.
        if (word.Length is 0 or > 64)
        {
            return null;
        }

        var nearest = known
            .Select(candidate => (candidate, edits: Edits(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(pair => pair.edits)
            .FirstOrDefault();
        return nearest.candidate is { } best && nearest.edits <= Math.Max(1, Math.Min(word.Length, best.Length) / 2) ? best : null;
    }

    // Insertions, deletions, replacements and swapped neighbours (optimal string alignment).
    private static int Edits(string a, string b)
    {
        int[] before = [], above = [.. Enumerable.Range(0, b.Length + 1)];
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(above[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, above) = (above, row);
        }

        return above[b.Length];
    }
}
