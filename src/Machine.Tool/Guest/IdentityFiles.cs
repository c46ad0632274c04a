using System.Security.Cryptography;

namespace Machine.Tool.Guest;

/// <summary>The files that tell a guest who it is; <c>identity.pl</c> reads them there by these names.</summary>
internal static class IdentityFiles
{
    /// <summary>All of one size: a thawed guest remembers how long each was when its template booted.</summary>
    private const int Size = 1024;

    /// <summary>Writes them into a private folder.</summary>
    /// <param name="hostKey">The machine's ssh host key, private half.</param>
    /// <param name="authorizedKey">The public key that may log in.</param>
    /// <returns>Name to path.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> WriteAsync(
        string folder, string hostKey, string authorizedKey, string hostName, CancellationToken cancel)
    {
        var contents = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["authorized_keys"] = await File.ReadAllTextAsync(authorizedKey, cancel),
            ["hostname"] = hostName,
            ["machine-id"] = RandomNumberGenerator.GetHexString(32, lowercase: true),
            ["random-seed"] = RandomNumberGenerator.GetHexString(128, lowercase: true),
            ["ssh_host_ed25519_key"] = await File.ReadAllTextAsync(hostKey, cancel),
        };
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, content) in contents)
        {
            var path = Path.Combine(folder, name);
            files[name] = path;
            await File.WriteAllTextAsync(path, content.PadRight(Size, '\n'), cancel);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        return files;
    }
}
