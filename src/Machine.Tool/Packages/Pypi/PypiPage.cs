namespace Machine.Tool.Packages.Pypi;

/// <summary>A file of a package, as an index tells of it.</summary>
internal sealed record PypiFile
{
    // Pages are held for a while: what an index says of one file has an end.
    private const int LongestText = 2048;

    /// <summary>See <see cref="PypiName.VersionOf"/>: of this package, and no path.</summary>
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>Where the index keeps it.</summary>
    public required Uri Address { get; init; }

    /// <summary>By the algorithm's name in small letters, hex digits; pip in the guest checks the file against one of them.</summary>
    public required IReadOnlyDictionary<string, string> Hashes { get; init; }

    /// <summary>Hashes of the file of metadata beside it; empty where the index has one and says none, null where it has none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public string? RequiresPython { get; init; }

    /// <summary>Why it was withdrawn, an empty text where nobody said; null where it was not.</summary>
    public string? Yanked { get; init; }

    /// <summary>Null where the index does not say: pages of HTML have no dates.</summary>
    public DateTimeOffset? Uploaded { get; init; }

    /// <summary>Bytes; null where the index does not say.</summary>
    public long? Size { get; init; }

    /// <summary>The index that gives it.</summary>
    public PypiSource? Source { get; init; }

    /// <summary>64 lower-case hex digits; null where the index publishes none.</summary>
    public static string? Sha256Of(IReadOnlyDictionary<string, string>? hashes) => hashes?.GetValueOrDefault("sha256");

    /// <returns>Null where more is said of it than of any honest one.</returns>
    public static PypiFile? OrNone(PypiFile file) =>
        file.Address.OriginalString.Length <= LongestText && file.RequiresPython is not { Length: > LongestText } && file.Yanked is not { Length: > LongestText } ? file : null;
}

/// <summary>What an index has of a package (packaging.python.org/specifications/simple-repository-api).</summary>
/// <param name="Name">Normalized.</param>
internal sealed record PypiPage(string Name, IReadOnlyList<PypiFile> Files)
{
    public static PypiPage Empty(string name) => new(name, []);
}
