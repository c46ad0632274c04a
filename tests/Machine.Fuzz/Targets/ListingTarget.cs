using Machine.Tool.Hosting;
using System.Text;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;

namespace Machine.Fuzz.Targets;

/// <summary>Root of the guest wrote the list of changes.</summary>
internal static class ListingTarget
{
    private const string Root = "/r";

    public static FuzzTarget Target { get; } = new(
        "listing", Run,
        "machine-changes-1\0", "0123456789abcdef0123456789abcdef\0", "1700000000\0", "f\0" + "12\0" + "644\0" + "1.5\0" + "1.5\0" + "\0" + "a\0", "end\0", "l\0", "d\0", "w\0", "1700000000.1234567890\0", "-9999999999\0", "755\0",
        "..", "../", "/", "\\", ".git/", ".GIT", "git~1", "GIT~1", ".git::$INDEX_ALLOCATION", "con", "a.", "a ", "\u200c", "\u202e", "\u0131", "ſ", "K", "\xff", "é", "Directory.Build.props", ".machine-import.tmp", "obj/", "bin/", ".vscode/", "nuget.config");

    private static void Run(byte[] input)
    {
        var whole = Read(input, int.MaxValue);
        var pieces = Read(input, 1);
        Promise.Holds(whole is null == pieces is null && whole?.Entries.Count == pieces?.Entries.Count, "in pieces it reads differently");
        foreach (var entry in whole?.Entries ?? [])
        {
            Check(entry.Path);
        }
    }

    internal static void Check(byte[] raw)
    {
        var isGood = ProjectPath.TryParse(raw, windows: false, out var parsed, out var refused);
        Promise.Holds(isGood == refused is null, "refused without a reason");
        Promise.IsPlain(Tainted.Line(parsed?.Text ?? refused!.Shown), "a shown name");
        var onWindows = ProjectPath.TryParse(raw, windows: true, out _, out _);
        Promise.Holds(isGood || !onWindows, "Windows takes what others refuse");
        if (parsed is not { Text: var path })
        {
            return;
        }

        Promise.Holds(Encoding.UTF8.GetBytes(path).AsSpan().SequenceEqual(raw), "the name is another after it was read");
        Promise.Holds(Path.GetFullPath(Path.Combine(Root, path)) == $"{Root}/{path}", "the path climbs or is rewritten: " + path);
        Promise.IsPlain(path, "a path");
        Guard(path);
    }

    // A file system that folds sees the same file; the guard has to see it, too.
    private static void Guard(string path)
    {
        foreach (var twin in new[] { path.ToUpperInvariant(), path.ToLowerInvariant(), path + ".", path + " ", path + "::$DATA", string.Join('/', path.Split('/').Select(name => name + "\u200d")) })
        {
            Promise.Holds(ImportGuard.ByName(path) is null || ImportGuard.ByName(twin) is not null, $"guarded as {path}, not as {twin}");
            Promise.Holds(!ImportGuard.IsNeverListed(path) || ImportGuard.IsNeverListed(twin), $"never listed as {path}, listed as {twin}");
        }

        Promise.Holds(ImportGuard.ByName(path) is null || ImportGuard.AsSource(path, executable: false) is not null, "guarded everywhere, not as a source: " + path);
        Promise.Holds(ImportGuard.AsSource(path, executable: true) is not null, "what may be executed is not guarded: " + path);
        Promise.Holds(ImportGuard.ByName(path) is null || ImportGuard.ByName("sub/" + path) is not null, "guarded at the root, not below: " + path);
    }

    private static GuestListing? Read(byte[] input, int pieces)
    {
        using var stream = new PiecesStream(input, pieces);
        try
        {
            return GuestListing.ReadAsync(new GuestReader(stream, CancellationToken.None)).GetAwaiter().GetResult();
        }
        catch (GuestProtocolException)
        {
            return null;
        }
    }
}
