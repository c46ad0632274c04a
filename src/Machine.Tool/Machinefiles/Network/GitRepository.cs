using System.Globalization;
using System.Text.RegularExpressions;

namespace Machine.Tool.Machinefiles.Network;

/// <summary>
/// A repository at a server, parsed once and written in one way: the name in lower case, no <c>.git</c> at the end. A segment of its path is letters, digits and
/// <c>._~+-</c>; of what a URL can hide in others (escapes, dots that climb, empty segments) only the blank is taken, as <c>%20</c>.
/// </summary>
/// <param name="Path">Without the first slash and without <c>.git</c>.</param>
internal sealed partial record GitRepository(HostName Name, int Port, string Path)
{
    public const int UsualPort = 443;

    public const string Suffix = ".git";

    /// <summary>Characters; no server of git has one as long.</summary>
    private const int MostOfPath = 500;

    public string Text => Place(Name, Port) + "/" + Path;

    public override string ToString() => Text;

    /// <summary>A server as a URL names it.</summary>
    public static string Place(HostName name, int port) => port == UsualPort ? name.Text : string.Create(CultureInfo.InvariantCulture, $"{name}:{port}");

    /// <param name="server"><c>NAME</c> or <c>NAME:PORT</c>.</param>
    /// <param name="path">As in a URL, without the first slash; with <c>.git</c> or without.</param>
    /// <returns>Null where it is none.</returns>
    public static GitRepository? OfWire(string server, string path) =>
        Server(server) is var (name, port) && PathOf(path) is { } plain && plain.Split('/').All(IsSegment) ? new GitRepository(name, port, plain) : null;

    /// <returns>Null where it is no server.</returns>
    public static (HostName Name, int Port)? Server(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var port = UsualPort;
        if (colon >= 0 && !(int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535))
        {
            return null;
        }

        return HostName.OfWire(colon < 0 ? text : text[..colon]) is { } name ? (name, port) : null;
    }

    /// <summary>Without <c>.git</c>: servers take a repository's name with it and without.</summary>
    /// <returns>Null where nothing is left, or it is too long.</returns>
    public static string? PathOf(string path)
    {
        var plain = path.EndsWith(Suffix, StringComparison.Ordinal) ? path[..^Suffix.Length] : path;
        // One of which ".git" is left would be another one when it is read again.
        return plain.Length is 0 or > MostOfPath || plain[^1] == '/' || plain.EndsWith(Suffix, StringComparison.Ordinal) ? null : plain;
    }

    public static bool IsSegment(string text) => Segment().IsMatch(text) && text is not ("." or "..");

    [GeneratedRegex(@"^([A-Za-z0-9._~+-]|%20)+\z")]
    private static partial Regex Segment();
}
