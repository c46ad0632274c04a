using System.Text;
using System.Text.RegularExpressions;

namespace Machine.Tool.Hosting;

/// <summary>Names a machine on this host: users type it, and its folders are called so.</summary>
internal readonly partial record struct MachineId(string Text)
{
    /// <summary>The part that tells machines apart; sockets lie in a folder of this name, since their paths must be short.</summary>
    public string Short => Text[(Text.LastIndexOf('-') + 1)..];

    /// <summary>Of the machine of the project at a path: two projects with the same folder name never share one.</summary>
    public static MachineId OfProject(string path) => new($"{Slug(Path.GetFileName(path))}-{ShortHash.Of(path)}");

    /// <summary>Null for a name that no machine has: sockets would lie, and be deleted, in another's folder.</summary>
    public static MachineId? TryParse(string name) => Form().IsMatch(name) ? new MachineId(name) : null;

    public override string ToString() => Text;

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]*-[0-9a-f]{8}\z")]
    private static partial Regex Form();

    private static string Slug(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            slug.Append(char.IsAsciiLetterOrDigit(c) ? c : '-');
        }

        var text = slug.ToString().Trim('-');
        return text.Length == 0 ? "project" : text.Length > 32 ? text[..32].Trim('-') : text;
    }
}
