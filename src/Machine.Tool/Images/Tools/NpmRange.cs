using System.Globalization;

namespace Machine.Tool.Images.Tools;

/// <summary>The versions that a Machinefile can ask for: <c>5.9.2</c>, <c>5</c>, <c>5.9.x</c>, <c>^5.1.0</c>, <c>~5.1.0</c>, as npm reads them.</summary>
internal static class NpmRange
{
    /// <summary>The newest release in the range; null where there is none, or the text is no range.</summary>
    public static string? Choose(string range, IEnumerable<string> versions)
    {
        var caret = range.StartsWith('^');
        var tilde = range.StartsWith('~');
        var parts = range.TrimStart('^', '~').Split('.');
        var fixedParts = parts.TakeWhile(part => part is not ("x" or "X")).ToList();
        if (parts.Length > 3 || fixedParts.Count == 0 || !fixedParts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            return null;
        }

        var least = fixedParts.Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        // How many of the numbers must be the same: with ^ up to the first that is not zero.
        var same = caret ? Math.Min(least.TakeWhile(number => number == 0).Count() + 1, least.Length) : tilde ? Math.Min(2, least.Length) : least.Length;
        return versions.Select(text => (Text: text, Numbers: Numbers(text)))
            .Where(version => version.Numbers is { } numbers && numbers.Take(same).SequenceEqual(least.Take(same)) && Compare(numbers, least) >= 0)
            .OrderBy(version => version.Numbers!, Comparer<int[]>.Create(Compare))
            .LastOrDefault().Text;
    }

    private static int[]? Numbers(string version)
    {
        var parts = version.Split('+')[0].Split('.');
        return parts.Length == 3 && parts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? [.. parts.Select(part => int.Parse(part, CultureInfo.InvariantCulture))]
            : null;
    }

    private static int Compare(int[] one, int[] other)
    {
        for (var i = 0; i < 3; i++)
        {
            var difference = one.ElementAtOrDefault(i).CompareTo(other.ElementAtOrDefault(i));
            if (difference != 0)
            {
                return difference;
            }
        }

        return 0;
    }
}
