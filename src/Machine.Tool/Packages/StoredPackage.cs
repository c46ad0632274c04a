namespace Machine.Tool.Packages;

/// <summary>What the host knows about a package that it keeps: one small file for each source, id and version.</summary>
/// <param name="Source">The source's name when it came.</param>
/// <param name="Hash">SHA-512 of the .nupkg, lower-case hex; names the kept file.</param>
/// <param name="SizeBytes">Size of the .nupkg in bytes.</param>
/// <param name="Signature">What was verified: <c>author</c>, <c>repository</c>, <c>unsigned</c> or <c>not checked</c>.</param>
/// <param name="Policy">The trust policy it was verified under: a project with another one verifies it anew.</param>
internal sealed record StoredPackage(
    string Id, string Version, string Source, string Hash, long SizeBytes, string Signature, string Policy, DateTimeOffset Added);

/// <summary>What a verification found, and under which policy.</summary>
/// <param name="Id">As the package itself writes it, in its own letter case.</param>
internal sealed record Verdict(string Id, string Signature, string Policy);
