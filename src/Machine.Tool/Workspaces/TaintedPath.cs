using System.Buffers;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces;

/// <summary>Turns the bytes of a guest's path into a path of the project, or says why it can't be one on this host.</summary>
internal static class TaintedPath
{
    /// <summary>The importer's temporary name in every folder it writes; no guest's file may have it.</summary>
    public const string TemporaryName = ".machine-import.tmp";

    private const int MostBytes = 1000;
    private const int MostBytesInName = 255;
    private const int MostFolders = 100;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> Forbidden = SearchValues.Create("<>:\"|?*");

    // Win32 takes these for devices, with any extension.
    private static readonly HashSet<string> Devices = new(
        ["con", "prn", "aux", "nul", "conin$", "conout$", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"com{i}", $"lpt{i}" }), "com¹", "com²", "com³", "lpt¹", "lpt²", "lpt³"],
        StringComparer.OrdinalIgnoreCase);

    /// <param name="refusal">Null when the path is good.</param>
    /// <param name="path">The path; where refused, its bytes made printable.</param>
    public static bool TryParse(ReadOnlySpan<byte> raw, bool windows, out string path, out string? refusal)
    {
        try
        {
            path = Strict.GetString(raw);
        }
        catch (ArgumentException)
        {
            path = Tainted.Bytes(raw);
            refusal = "its name is not UTF-8";
            return false;
        }

        refusal = Refusal(path, raw.Length, windows);
        return refusal is null;
    }

    internal static string? Refusal(string path, int bytes, bool windows)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            return "an absolute name";
        }

        if (bytes > MostBytes)
        {
            return $"its path is longer than {MostBytes} bytes";
        }

        var names = path.Split('/');
        return names.Length > MostFolders ? $"more than {MostFolders} folders deep" : names.Select(name => NameRefusal(name, windows)).FirstOrDefault(r => r is not null);
    }

    private static string? NameRefusal(string name, bool windows)
    {
        if (name is "" or "." or "..")
        {
            return "a climbing name";
        }

        if (name.EnumerateRunes().Any(Tainted.IsDeceptive))
        {
            return "control or invisible characters in its name";
        }

        if (name.Contains('\\', StringComparison.Ordinal))
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

        var stem = name.Split('.', ':')[0].TrimEnd(' ');
        if (Devices.Contains(stem))
        {
            return "a device's name on Windows";
        }

        if (windows && (name.AsSpan().ContainsAny(Forbidden) || ImportGuard.IsShortName(name)))
        {
            return "a name that Windows can't hold or reads as another";
        }

        return ImportGuard.Fold(name) == TemporaryName ? "the importer's own temporary name" : null;
    }
}
