using Machine.Tool.Hosting;

namespace Machine.Tool.Packages;

/// <summary>One package that a machine received, or that a rule kept out.</summary>
internal sealed record PackageLogEntry
{
    /// <summary><c>nuget</c>, <c>npm</c> or <c>pypi</c>.</summary>
    public required string Kind { get; init; }

    public required string Id { get; init; }

    public required string Version { get; init; }

    /// <summary>The source's name in the host's configuration, never its address; for npm and Python the host.</summary>
    public required string Source { get; init; }

    /// <summary><c>sha512-</c> (of Python's <c>sha256-</c>) and base64, as npm and lock files write it; null where its registry published none.</summary>
    public string? Hash { get; init; }

    /// <summary>What of the package's signature was verified; null for others than NuGet.</summary>
    public string? Signature { get; init; }

    /// <summary>Which rule kept it out; null for what entered.</summary>
    public string? Refused { get; init; }

    public required DateTimeOffset Time { get; init; }
}

/// <summary>Every package that entered a machine, and what was kept out, as JSON lines in the machine's folder.</summary>
internal sealed class PackageLog(string path)
{
    private readonly Lock gate = new();
    // Names that are refused are the guest's to make up.
    private const int MostRefused = 500;
    private const long MostBytes = 16 << 20;

    private readonly HashSet<(string, string, string, string?)> written = [];
    private int refused;

    /// <summary>Writes a line, once for each content while this supervisor runs: a guest that asks again and again fills no disk.</summary>
    public void Add(PackageLogEntry entry)
    {
        lock (gate)
        {
            if (entry.Refused is not null && (refused >= MostRefused || (new FileInfo(path) is { Exists: true, Length: > MostBytes })))
            {
                return;
            }

            var what = (entry.Kind, entry.Id, entry.Version, entry.Refused is null ? entry.Hash : "refused");
            if (!written.Contains(what))
            {
                // One that can't be written has not entered: it is asked for again.
                JsonLines.Append(path, entry);
                written.Add(what);
                refused += entry.Refused is null ? 0 : 1;
            }
        }
    }

    /// <summary>Reads what was written; a line cut off by a crash is left out.</summary>
    public static IEnumerable<PackageLogEntry> Read(string path) => JsonLines.Read<PackageLogEntry>(path);
}
