namespace Machine.Tool.Packages;

/// <summary>Where the distribution's packages come from.</summary>
/// <param name="Archives">Their addresses; a user name and password in one are this host's, and stay here.</param>
/// <param name="Proxy">Null: the system's own.</param>
internal sealed record AptOrigin(IReadOnlyList<string> Archives, Uri? Proxy);
