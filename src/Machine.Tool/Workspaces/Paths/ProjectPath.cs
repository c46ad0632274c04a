using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Enumeration;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces.Paths;

/// <summary>
/// A path of the project, relative, with '/'. What a guest, a link or a file says becomes one by parsing alone, so whoever holds one
/// may hand it to the host's tree. It may be in any script: print it only through <see cref="Tainted"/>.
/// </summary>
internal sealed record ProjectPath
{
    /// <summary>The importer's temporary name in every folder it writes; no guest's file may have it.</summary>
    public const string TemporaryName = ".machine-import.tmp";

    private const int MostBytes = 1000;
    private const int MostBytesInName = 255;
    private const int MostFolders = 100;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("<>:\"|?*");

    // Win32 takes these for devices, with any extension.
    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Devices = new HashSet<string>(
        ["con", "prn", "aux", "nul", "conin$", "conout$", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"com{i}", $"lpt{i}" }), "com¹", "com²", "com³", "lpt¹", "lpt²", "lpt³"],
        StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    private ProjectPath(string text) => Text = text;

    public string Text { get; }

    public string Name => Text[(Text.LastIndexOf('/') + 1)..];

    /// <summary>Null for what lies in the project's root.</summary>
    public ProjectPath? Folder => Text.LastIndexOf('/') is > 0 and var slash ? new(Text[..slash]) : null;

    /// <summary>Each folder on the way, and the path itself.</summary>
    public IEnumerable<ProjectPath> Way
    {
        get
        {
            for (var slash = Text.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = Text.IndexOf('/', slash + 1))
            {
                yield return new(Text[..slash]);
            }

            yield return this;
        }
    }

    /// <param name="windows">Whether the host is one: it can't hold all names, and reads some as others.</param>
    public static bool TryParse(ReadOnlySpan<byte> raw, bool windows, [NotNullWhen(true)] out ProjectPath? path, [NotNullWhen(false)] out RefusedName? refused)
    {
        try
        {
            return TryParse(Strict.GetString(raw), windows, out path, out refused);
        }
        catch (ArgumentException)
        {
            path = null;
            refused = new RefusedName(Tainted.Bytes(raw), "its name is not UTF-8");
            return false;
        }
    }

    public static bool TryParse(string text, bool windows, [NotNullWhen(true)] out ProjectPath? path, [NotNullWhen(false)] out RefusedName? refused)
    {
        var reason = Refusal(text, windows);
        path = reason is null ? new ProjectPath(text) : null;
        refused = reason is null ? null : new RefusedName(text, reason);
        return reason is null;
    }

    /// <returns>Null where this host has no such path.</returns>
    public static ProjectPath? From(string text) => TryParse(text, OperatingSystem.IsWindows(), out var path, out _) ? path : null;

    /// <summary>What the host's file system lists in this folder: its own names may be such as no guest's may be. Only a listing has such an entry.</summary>
    public ProjectPath Entry(ref FileSystemEntry listed) => new($"{Text}/{listed.FileName}");

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(Text);

    public bool IsBelow(ProjectPath folder) =>
        Text.Length > folder.Text.Length && Text[folder.Text.Length] == '/' && Text.StartsWith(folder.Text, StringComparison.Ordinal);

    public override string ToString() => Text;

    private static string? Refusal(string path, bool windows)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            return "an absolute name";
        }

        if (Encoding.UTF8.GetByteCount(path) > MostBytes)
        {
            return $"its path is longer than {MostBytes} bytes";
        }

        if (path.AsSpan().Count('/') >= MostFolders)
        {
            return $"more than {MostFolders} folders deep";
        }

        foreach (var name in path.AsSpan().Split('/'))
        {
            if (NameRefusal(path.AsSpan(name), windows) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    private static string? NameRefusal(ReadOnlySpan<char> name, bool windows)
    {
        if (name is "" or "." or "..")
        {
            return "a climbing name";
        }

        foreach (var rune in name.EnumerateRunes())
        {
            if (Tainted.IsDeceptive(rune))
            {
                return "control or invisible characters in its name";
            }
        }

        if (name.Contains('\\'))
        {
            return "a backslash in its name";
        }

        if (name[^1] is '.' or ' ')
        {
            return "its name ends with a dot or a space";
        }

        if (Encoding.UTF8.GetByteCount(name) > MostBytesInName)
        {
            return $"a name longer than {MostBytesInName} bytes";
        }

        if (Devices.Contains((name.IndexOfAny('.', ':') is >= 0 and var end ? name[..end] : name).TrimEnd(' ')))
        {
            return "a device's name on Windows";
        }

        if (windows && (name.ContainsAny(Forbidden) || NameFold.IsShort(name.ToString())))
        {
            return "a name that Windows can't hold or reads as another";
        }

        return (!Ascii.IsValid(name) || name.StartsWith(TemporaryName, StringComparison.OrdinalIgnoreCase)) && NameFold.OfEntry(name.ToString()) == TemporaryName
            ? "the importer's own temporary name" : null;
    }
}

/// <summary>What a guest named and is no path of the project.</summary>
/// <param name="Shown">The name; where it is no text, its bytes made printable.</param>
internal sealed record RefusedName(string Shown, string Reason);
