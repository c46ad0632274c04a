using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Machinefiles;

/// <summary>Adds a rule of the network to a Machinefile, and leaves every other byte as it is.</summary>
internal static partial class MachinefileEdit
{
    /// <summary>A byte order mark: it stays before the text, in whose first line it is no character.</summary>
    public const char Mark = '\ufeff';

    /// <param name="text">Of a Machinefile without a flaw.</param>
    /// <param name="key"><c>allow</c> or <c>deny</c>.</param>
    /// <returns>The new text; it says what the old one did, and the rule.</returns>
    /// <exception cref="MachineException">It is written in a way that this does not know: the rule is to be added by hand.</exception>
    public static string AddRule(string text, string key, NetworkEntry entry, ProjectRoot project)
    {
        if (text.StartsWith(Mark))
        {
            return Mark + AddRule(text[1..], key, entry, project);
        }

        var host = HostFacts.Current();
        var before = MachinefileReader.Read(text, project, host);
        var added = Added(text, key, Word(entry), project);
        var after = added is null ? null : TryRead(added, project, host);
        var wanted = before with
        {
            Network = key == MachinefileKeys.NetworkAllow.Name
                ? before.Network with { Allow = [.. before.Network.Allow, entry] }
                : before.Network with { Deny = [.. before.Network.Deny, entry] },
        };
        return after is not null && JsonSerializer.Serialize(after, JsonState.Options) == JsonSerializer.Serialize(wanted, JsonState.Options) ? added!
            : throw new MachineException($"{project.Machinefile} can't be edited by this tool as it is written", $"add it by hand:  network: {{ {key}: [{Word(entry)}] }}", ExitCode.Failed);
    }

    /// <summary>Puts an edited Machinefile in the place of the one that was read: whoever reads meanwhile has the one or the other, never the half of it.</summary>
    /// <param name="file">Its real path.</param>
    /// <param name="before">As it was read.</param>
    /// <exception cref="MachineException">It changed meanwhile, or can't be written.</exception>
    public static void Replace(string file, string before, string after)
    {
        try
        {
            var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file);
            JsonState.Write(file, stream =>
            {
                stream.Write(Encoding.UTF8.GetBytes(after));
                if (Encoding.UTF8.GetString(File.ReadAllBytes(file)) != before)
                {
                    throw new MachineException($"{file} changed meanwhile", "look at it, and do it again", ExitCode.Failed);
                }
            });
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, mode);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot write {file}: {e.Message}", "make it writable, or use --personal", ExitCode.Failed, e);
        }
    }

    /// <returns>Null where it has a flaw.</returns>
    public static Machinefile? TryRead(string text, ProjectRoot project, HostFacts host)
    {
        try
        {
            return MachinefileReader.Read(text, project, host);
        }
        catch (MachineException)
        {
            return null;
        }
    }

    /// <summary>A rule as it stands in a Machinefile: in quotes where a star would begin an alias, or a colon might begin a value.</summary>
    public static string Word(NetworkEntry entry) => entry.Private ? $"{{ name: \"{entry.Rule}\", private: true }}"
        : entry.Rule.AsSpan().IndexOfAny("*:") >= 0 ? $"\"{entry.Rule}\""
        : entry.Rule;

    private static string? Added(string text, string key, string word, ProjectRoot project)
    {
        // Each line keeps the end that it has; a new one gets the file's.
        var end = text.Contains("\r\n", StringComparison.Ordinal) ? "\r" : "";
        var lines = text.Split('\n').ToList();
        var document = YamlTree.Read(text, project.Machinefile) as YamlMap;
        var network = document?.Find(MachinefileKeys.Network.Name) as YamlMap;
        var list = network?.Find(key) as YamlList;
        if (network is null)
        {
            if (lines[^1].Length > 0)
            {
                lines[^1] += end;
                lines.Add("");
            }

            lines.InsertRange(lines.Count - 1, [end, $"{MachinefileKeys.Network.Name}:{end}", $"  {key}:{end}", $"    - {word}{end}"]);
        }
        else if (list is null)
        {
            var first = network.Entries.Count > 0 ? network.Entries[0].Key : null;
            if (first is null || !Blank().IsMatch(lines[first.Line - 1][..(first.Column - 1)]))
            {
                return null;
            }

            lines.Insert(first.Line - 1, $"{new string(' ', first.Column - 1)}{key}: [{word}]{end}");
        }
        else if (list.Items is [.., var last] && Item().Match(lines[last.Line - 1]) is { Success: true } dash)
        {
            lines.Insert(last.Line, $"{dash.Groups[1].Value}- {word}{end}");
        }
        else
        {
            // In brackets, on one line.
            var line = lines[list.Line - 1];
            var open = list.Column - 1;
            var close = open < line.Length && line[open] == '[' ? line.IndexOf(']', open) : -1;
            if (close < 0)
            {
                return null;
            }

            lines[list.Line - 1] = line.Insert(close, list.Items.Count > 0 ? $", {word}" : word);
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex("^ *$")]
    private static partial Regex Blank();

    [GeneratedRegex("^( *)- ")]
    private static partial Regex Item();
}
