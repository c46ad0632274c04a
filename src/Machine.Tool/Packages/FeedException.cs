using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Packages;

/// <summary>
/// A request of the guest that gets no package, with the words its NuGet or npm prints: they show the status line's
/// reason, so it says what happened. Never holds an address or a credential of the host.
/// </summary>
internal sealed class FeedException(int status, string reason, Exception? inner = null) : Exception(reason, inner)
{
    public int Status { get; } = status;

    /// <summary>Where one can read on: an advisory's public address, the only one that passes.</summary>
    public Uri? Link { get; init; }

    public static FeedException NotFound(string reason) => new(StatusCodes.Status404NotFound, reason);

    public static FeedException BadRequest(string reason) => new(StatusCodes.Status400BadRequest, reason);

    /// <summary>The host's configuration says no; NuGet shows it as an error, where it would take a 404 for "look elsewhere".</summary>
    public static FeedException Refused(string reason) => new(StatusCodes.Status403Forbidden, reason);

    /// <summary>A rule says no.</summary>
    public static FeedException Refused(string reason, Uri? link) => new(StatusCodes.Status403Forbidden, reason) { Link = link };

    public static FeedException Upstream(string reason, Exception? inner = null) => new(StatusCodes.Status502BadGateway, reason, inner);
}
