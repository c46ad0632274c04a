namespace Machine.Tool.Packages.Pypi;

/// <summary>Addresses that an index writes.</summary>
internal static class PypiAddress
{
    /// <summary>Without a fragment; null where it is no address of http, or carries a user.</summary>
    public static Uri? Of(Uri page, string? written) =>
        written is not null && Uri.TryCreate(page, written, out var address) && address is { Scheme: "http" or "https", UserInfo: "" }
            ? new UriBuilder(address) { Fragment = "" }.Uri
            : null;
}
