namespace Machine.Tool.Packages;

/// <summary>What the host knows about a package that it keeps: one small file for each source, id and version.</summary>
internal sealed record StoredPackage
{
    public required string Id { get; init; }

    public required string Version { get; init; }

    /// <summary>The source's name when it came.</summary>
    public required string Source { get; init; }

    /// <summary>SHA-512 of the .nupkg, lower-case hex; names the kept file.</summary>
    public required string Hash { get; init; }

    /// <summary>Size of the .nupkg in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>What was verified: <c>author</c>, <c>repository</c>, <c>unsigned</c> or <c>not checked</c>.</summary>
    public required string Signature { get; init; }

    /// <summary>The trust policy it was verified under: a project with another one verifies it anew.</summary>
    public required string Policy { get; init; }

    public required DateTimeOffset Added { get; init; }

    /// <summary>When its source said that it was published; null where nobody asked.</summary>
    public DateTimeOffset? Published { get; init; }
}

/// <summary>What a verification found, and under which policy.</summary>
/// <param name="Id">As the package itself writes it, in its own letter case.</param>
internal sealed record PackageVerdict(string Id, string Signature, string Policy);
