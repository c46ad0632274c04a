using System.Text;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>A verdict on one entry: its class, and the reason where one is due.</summary>
/// <param name="InOutputs">It lies where outputs lie and is not guarded by its name: once brought, it is the machine's.</param>
internal sealed record Verdict(ChangeClass Class, string? Reason, bool InOutputs = false)
{
    public static Verdict Refused(string reason) => new(ChangeClass.Refused, reason);
}

/// <summary>
/// Decides what becomes of an entry whose path is good. Inside an output, programs and scripts may come (native binaries keep
/// their execute bit), guarded names may not; and a file of the host's own, there first or put there since, is not the machine's to replace.
/// </summary>
internal sealed class ImportPolicy(GlobSet outputs, ImportLimits limits)
{
    private const int SetIdBits = 0xC00;

    /// <summary>The reason for everything of the host's own in an output's place.</summary>
    public const string HostsOwn = "this host's own file, not brought by this machine";

    /// <param name="brought">What the host has there is what this machine brought.</param>
    public Verdict Judge(ProjectPath path, GuestEntry entry, HostStat host, bool brought)
    {
        if (host.Kind == HostKind.Blocked)
        {
            return Verdict.Refused("a link or a file of the host's is in the way");
        }

        if (host.Kind == HostKind.Other)
        {
            return Verdict.Refused("the host has a device, socket or pipe there");
        }

        var refusal = entry.Type switch
        {
            'w' => null,
            'd' => null,
            'f' when (entry.Mode & SetIdBits) != 0 => "a set-user-id or set-group-id file",
            'f' when entry.Stamp.SizeBytes > limits.FileBytes => $"{entry.Stamp.SizeBytes / 1_000_000} MB: larger than a file may be ({limits.FileBytes / 1_000_000} MB)",
            'f' or 'l' when host.Kind == HostKind.Folder => "the host has a folder of that name",
            'f' => null,
            'l' => LinkRefusal(path, entry.Link, out _),
            'c' or 'b' => "a device",
            'p' => "a pipe",
            's' => "a socket",
            _ => "neither a file nor a link",
        };
        return refusal is null ? Classify(path, entry, host, brought) : Verdict.Refused(refusal);
    }

    public bool IsOutputBelow(ProjectPath folder) => outputs.Matches($"{folder.Text}/any");

    private Verdict Classify(ProjectPath path, GuestEntry entry, HostStat host, bool brought)
    {
        var deleted = entry.Type is 'w' or 'd';
        if (ImportGuard.ByName(path.Text) is { } guarded)
        {
            return new Verdict(ChangeClass.Guarded, guarded);
        }

        if (outputs.Matches(path.Text))
        {
            return host.Kind == HostKind.Missing || brought ? new Verdict(ChangeClass.Output, null, InOutputs: true)
                : new Verdict(host.Executable || ImportGuard.AsSource(path.Text, executable: false) is not null ? ChangeClass.Guarded : ChangeClass.Held, HostsOwn, InOutputs: true);
        }

        return !deleted && ImportGuard.AsSource(path.Text, entry.Type == 'f' && entry.Executable) is { } reason
            ? new Verdict(ChangeClass.Guarded, reason)
            : new Verdict(ChangeClass.Held, null);
    }

    /// <summary>
    /// A link may lead to another place of the project: relative, climbing only at its beginning (later, a link on the way
    /// would turn ".." elsewhere), never above the project, and not to what is guarded.
    /// </summary>
    /// <param name="resolved">Where it leads; null when refused, and for the project's root.</param>
    internal static string? LinkRefusal(ProjectPath path, byte[] link, out ProjectPath? resolved)
    {
        resolved = null;
        string target;
        try
        {
            target = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(link);
        }
        catch (ArgumentException)
        {
            return "a link whose target is not UTF-8";
        }

        if (target.Length == 0 || target[0] == '/' || target.AsSpan().ContainsAny('\\', ':'))
        {
            return "an absolute link";
        }

        var at = path.Text.Split('/')[..^1].ToList();
        var named = false;
        foreach (var name in target.Split('/').Where(name => name is not ("" or ".")))
        {
            if (name != "..")
            {
                named = true;
                at.Add(name);
            }
            else if (named || at.Count == 0)
            {
                return at.Count == 0 ? "a link that leads out of the project" : "a link that climbs after a name";
            }
            else
            {
                at.RemoveAt(at.Count - 1);
            }
        }

        var end = string.Join('/', at);
        var refusal = end.Length == 0 ? null
            : !ProjectPath.TryParse(end, windows: false, out resolved, out var refused) ? $"a link to {refused.Reason}"
            : ImportGuard.ByName(end) is not null || ImportGuard.IsNeverListed(end) ? "a link to a guarded place"
            : null;
        resolved = refusal is null ? resolved : null;
        return refusal;
    }
}
