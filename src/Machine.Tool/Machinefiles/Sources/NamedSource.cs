namespace Machine.Tool.Machinefiles.Sources;

/// <summary>A source as a nuget.config names it.</summary>
/// <param name="Value">As it is written; in a user's file with the user's variables put in.</param>
internal sealed record NamedSource(string Name, string Value, ConfigFile File)
{
    public int ProtocolVersion { get; init; }

    public bool AllowsPlainHttp { get; init; }

    public bool SkipsCertificateChecks { get; init; }

    /// <summary>Where it leads, in one form however it is written: the whole address, or the folder's full path.</summary>
    public string Address { get; } = Normal(Value, File.Folder);

    public bool IsWeb => IsWebAddress(Address);

    public bool IsPlainHttp => Address.StartsWith("http:", StringComparison.Ordinal);

    /// <summary>A user's name and password that stand in the address itself.</summary>
    public bool HoldsPassword => IsWeb && new Uri(Address).UserInfo.Length > 0;

    public static bool IsWebAddress(string address) =>
        address.StartsWith("https://", StringComparison.Ordinal) || address.StartsWith("http://", StringComparison.Ordinal);

    // Scheme and host are the same in any letter case, a path is not; a slash at its end means nothing to NuGet.
    private static string Normal(string value, string folder)
    {
        if (Uri.TryCreate(value.Trim(), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            var user = uri.UserInfo.Length > 0 ? uri.UserInfo + "@" : "";
            return $"{uri.Scheme}://{user}{uri.IdnHost.ToLowerInvariant()}:{uri.Port}{uri.AbsolutePath.TrimEnd('/')}{uri.Query}";
        }

        try
        {
            var local = uri is { IsFile: true } && value.TrimStart().StartsWith("file:", StringComparison.OrdinalIgnoreCase) ? uri.LocalPath : value;
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(local, folder));
        }
        catch (ArgumentException)
        {
            return value;
        }
    }
}
