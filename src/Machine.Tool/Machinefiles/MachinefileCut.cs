using System.Text.Json;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Takes rules of the network out of a Machinefile, and leaves every other byte as it is. It tries the ways in which such a line is written, the
/// one that takes least first, and keeps the first after which the file says what it did without the rule.
/// </summary>
internal static partial class MachinefileCut
{
    // An item of a list in more lines than this is none of the network.
    private const int MostLines = 8;

    /// <param name="text">Of a Machinefile without a flaw.</param>
    /// <param name="key"><c>allow</c> or <c>deny</c>.</param>
    /// <param name="goes">Which of its entries.</param>
    /// <returns>The new text; the same where none goes.</returns>
    /// <exception cref="MachineException">It is written in a way that this does not know: the rule is to be removed by hand.</exception>
    public static string RemoveRules(string text, string key, Func<NetworkEntry, bool> goes, ProjectRoot project)
    {
        if (text.StartsWith(MachinefileEdit.Mark))
        {
            return MachinefileEdit.Mark + RemoveRules(text[1..], key, goes, project);
        }

        var host = HostFacts.Current();
        while (true)
        {
            var before = MachinefileReader.Read(text, project, host);
            var entries = key == MachinefileKeys.NetworkAllow.Name ? before.Network.Allow : before.Network.Deny;
            var at = entries.ToList().FindIndex(entry => goes(entry));
            if (at < 0)
            {
                return text;
            }

            NetworkEntry[] left = [.. entries.Take(at), .. entries.Skip(at + 1)];
            var wanted = Form(before with
            {
                Network = key == MachinefileKeys.NetworkAllow.Name ? before.Network with { Allow = left } : before.Network with { Deny = left },
            });
            var list = (YamlList)((YamlMap)((YamlMap)YamlTree.Read(text, project.Machinefile)!).Find(MachinefileKeys.Network.Name)!).Find(key)!;
            text = Ways(text, key, list, at).FirstOrDefault(cut => MachinefileEdit.TryRead(cut, project, host) is { } after && Form(after) == wanted)
                ?? throw new MachineException(
                    $"{project.Machinefile} can't be edited by this tool as it is written", $"remove it by hand: {Tainted.Line(entries[at].Rule)} of {key}, in line {list.Items[at].Line}", ExitCode.Failed);
        }
    }

    private static string Form(Machinefile machinefile) => JsonSerializer.Serialize(machinefile, JsonState.Options);

    private static IEnumerable<string> Ways(string text, string key, YamlList list, int at)
    {
        var starts = new List<int> { 0 };
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                starts.Add(i + 1);
            }
        }

        int Place(YamlNode node) => starts[node.Line - 1] + node.Column - 1;
        var lines = text.Split('\n');
        var open = Place(list);
        return open < text.Length && text[open] == '['
            ? InBrackets(text, [.. list.Items.Select(item => Place(item)).Select(start => (start, EndOf(text, start)))], at, open)
            : Block(lines, key, list, at);
    }

    // An item has its lines for itself. Where it is the only one the key is left with a list that is empty.
    private static IEnumerable<string> Block(string[] lines, string key, YamlList list, int at)
    {
        var first = list.Items[at].Line - 1;
        if (!Dash().IsMatch(lines[first]))
        {
            yield break;
        }

        var next = at + 1 < list.Items.Count ? list.Items[at + 1].Line - 1 : lines.Length;
        for (var end = first + 1; end <= Math.Min(next, first + MostLines); end++)
        {
            string[] left = [.. lines[..first], .. lines[end..]];
            if (list.Items.Count > 1)
            {
                yield return string.Join('\n', left);
                continue;
            }

            var above = Array.FindLastIndex(left, first - 1, line => KeyOf(key).IsMatch(line));
            if (above >= 0)
            {
                left[above] = KeyOf(key).Replace(left[above], "$1 []", 1);
                yield return string.Join('\n', left);
            }
        }
    }

    private static IEnumerable<string> InBrackets(string text, (int Start, int End)[] items, int at, int open)
    {
        var (start, end) = items[at];
        var lineStart = text.LastIndexOf('\n', Math.Max(0, start - 1)) + 1;
        var lineEnd = text.IndexOf('\n', end) is >= 0 and var found ? found + 1 : text.Length;
        if (lineStart > open && string.IsNullOrWhiteSpace(text[lineStart..start]) && Rest().IsMatch(text[end..lineEnd]))
        {
            // Alone on its line.
            yield return text.Remove(lineStart, lineEnd - lineStart);
        }

        if (Comma().Match(text, end) is { Success: true } comma)
        {
            yield return text.Remove(start, comma.Index + comma.Length - start);
        }

        if (at + 1 < items.Length)
        {
            yield return text.Remove(start, items[at + 1].Start - start);
        }

        if (at > 0 && !text[items[at - 1].End..start].Contains('#', StringComparison.Ordinal))
        {
            yield return text.Remove(items[at - 1].End, end - items[at - 1].End);
        }

        var (left, right) = (start, end);
        while (left > open + 1 && text[left - 1] == ' ')
        {
            left--;
        }

        while (right < text.Length && text[right] == ' ')
        {
            right++;
        }

        yield return text.Remove(left, right - left);
        yield return text.Remove(start, end - start);
    }

    // Of a value within brackets: quoted, in braces, or plain up to what ends it.
    private static int EndOf(string text, int start)
    {
        var depth = 0;
        for (var i = start; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"' or '\'' when depth > 0 || i == start:
                    i = EndOfQuotes(text, i);
                    if (depth == 0)
                    {
                        return i + 1;
                    }

                    break;
                case '{':
                    depth++;
                    break;
                case '}' when depth > 0:
                    if (--depth == 0)
                    {
                        return i + 1;
                    }

                    break;
                case ',' or ']' or '}' or '\r' or '\n' or ' ' when depth == 0:
                    return i;
                default:
                    break;
            }
        }

        return text.Length;
    }

    private static int EndOfQuotes(string text, int open)
    {
        for (var i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && text[open] == '"')
            {
                i++;
            }
            else if (text[i] == text[open])
            {
                return i;
            }
        }

        return text.Length - 1;
    }

    private static Regex KeyOf(string key) => key == MachinefileKeys.NetworkAllow.Name ? AllowKey() : DenyKey();

    [GeneratedRegex("^(\\s*[\"']?allow[\"']?\\s*:)")]
    private static partial Regex AllowKey();

    [GeneratedRegex("^(\\s*[\"']?deny[\"']?\\s*:)")]
    private static partial Regex DenyKey();

    [GeneratedRegex("^ *- ")]
    private static partial Regex Dash();

    [GeneratedRegex(@"\G[ ]*,[ ]*")]
    private static partial Regex Comma();

    [GeneratedRegex(@"^[ ]*,?[ ]*(#[^\n]*)?\r?\n?$")]
    private static partial Regex Rest();
}
