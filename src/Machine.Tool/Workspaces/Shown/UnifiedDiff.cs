using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces.Shown;

/// <summary>A unified diff with three lines of context, by Myers' algorithm. Lines are made safe for a terminal.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Beyond this many edits the middle is shown as replaced: the search's memory grows with their square.</summary>
    private const int MostEdits = 2000;

    /// <param name="name">Already safe to print.</param>
    /// <param name="before">Null where the host has no such file.</param>
    /// <param name="after">Null where the guest deleted it.</param>
    public static string Create(string name, string? before, string? after)
    {
        var (a, b) = (Lines(before), Lines(after));
        var kept = Matches(a, b);
        var showsLineEnds = a.Concat(b).Any(line => line.EndsWith("\r\n", StringComparison.Ordinal)) && !a.Concat(b).All(line => line.EndsWith("\r\n", StringComparison.Ordinal));
        var text = new StringBuilder($"--- {(before is null ? "/dev/null" : "a/" + name)}\n+++ {(after is null ? "/dev/null" : "b/" + name)}\n");
        foreach (var hunk in Hunks(Script(a.Length, b.Length, kept)))
        {
            var (first, old, added) = (hunk[0], hunk.Count(e => e.Sign != '+'), hunk.Count(e => e.Sign != '-'));
            text.Append($"@@ -{Range(first.A, old)} +{Range(first.B, added)} @@\n");
            foreach (var (sign, i, j) in hunk)
            {
                var line = sign == '+' ? b[j] : a[i];
                var isWindows = line.EndsWith("\r\n", StringComparison.Ordinal);
                text.Append(sign).Append(Tainted.Content(isWindows ? line[..^2] : line.TrimEnd('\n'))).Append(isWindows && showsLineEnds ? "\\r\n" : "\n");
                if (!line.EndsWith('\n'))
                {
                    text.Append("\\ No newline at end of file\n");
                }
            }
        }

        return text.ToString();

        static string Range(int start, int count) => count == 1 ? $"{start + 1}" : $"{(count == 0 ? start : start + 1)},{count}";
    }

    private static string[] Lines(string? text)
    {
        var lines = new List<string>();
        for (var at = 0; text is not null && at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            end = end < 0 ? text.Length : end + 1;
            lines.Add(text[at..end]);
            at = end;
        }

        return [.. lines];
    }

    private static List<(char Sign, int A, int B)> Script(int aLength, int bLength, List<(int A, int B)> kept)
    {
        var script = new List<(char Sign, int A, int B)>();
        int i = 0, j = 0;
        foreach (var (a, b) in kept.Append((aLength, bLength)))
        {
            for (; i < a; i++)
            {
                script.Add(('-', i, j));
            }

            for (; j < b; j++)
            {
                script.Add(('+', i, j));
            }

            if (i < aLength && j < bLength)
            {
                script.Add((' ', i++, j++));
            }
        }

        return script;
    }

    private static IEnumerable<List<(char Sign, int A, int B)>> Hunks(List<(char Sign, int A, int B)> script)
    {
        for (var at = 0; at < script.Count;)
        {
            var first = script.FindIndex(at, e => e.Sign != ' ');
            if (first < 0)
            {
                yield break;
            }

            var last = first;
            for (var next = first; next >= 0 && next - last <= 2 * Context; next = script.FindIndex(last + 1, e => e.Sign != ' '))
            {
                last = next;
            }

            var from = Math.Max(at, first - Context);
            at = Math.Min(script.Count, last + Context + 1);
            yield return script[from..at];
        }
    }

    private static List<(int A, int B)> Matches(string[] a, string[] b)
    {
        var kept = new List<(int A, int B)>();
        int start = 0, endA = a.Length, endB = b.Length;
        while (start < endA && start < endB && a[start] == b[start])
        {
            kept.Add((start, start++));
        }

        while (endA > start && endB > start && a[endA - 1] == b[endB - 1])
        {
            endA--;
            endB--;
        }

        kept.AddRange(Myers(a.AsSpan(start, endA - start), b.AsSpan(start, endB - start)).Select(m => (m.A + start, m.B + start)));
        for (; endA < a.Length; endA++, endB++)
        {
            kept.Add((endA, endB));
        }

        return kept;
    }

    // E. Myers, "An O(ND) difference algorithm and its variations", 1986: the furthest reach on each diagonal, edit by edit.
    private static List<(int A, int B)> Myers(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        var most = Math.Min(a.Length + b.Length, MostEdits);
        var reach = new int[(2 * most) + 3];
        var trace = new List<int[]>();
        for (var d = 0; d <= most; d++)
        {
            trace.Add(reach[(most - d)..(most + d + 3)]);
            for (var k = -d; k <= d; k += 2)
            {
                var x = k == -d || (k != d && reach[most + k] < reach[most + k + 2]) ? reach[most + k + 2] : reach[most + k] + 1;
                while (x < a.Length && x - k < b.Length && a[x] == b[x - k])
                {
                    x++;
                }

                reach[most + 1 + k] = x;
                if (x >= a.Length && x - k >= b.Length)
                {
                    return Back(trace, a.Length, b.Length);
                }
            }
        }

        return [];
    }

    private static List<(int A, int B)> Back(List<int[]> trace, int x, int y)
    {
        var kept = new List<(int A, int B)>();
        for (var d = trace.Count - 1; d >= 0; d--)
        {
            // trace[d] holds diagonals -d-1 to d+1 before edit d.
            var before = trace[d];
            var k = x - y;
            var down = k == -d || (k != d && before[d + k] < before[d + k + 2]);
            var fromX = d == 0 ? 0 : down ? before[d + k + 2] : before[d + k];
            var fromY = d == 0 ? 0 : fromX - (down ? k + 1 : k - 1);
            var edited = d == 0 || down ? fromX : fromX + 1;
            while (x > edited)
            {
                kept.Add((--x, --y));
            }

            (x, y) = (fromX, fromY);
        }

        kept.Reverse();
        return kept;
    }
}
