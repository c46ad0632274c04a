using System.Security.Cryptography;
using System.Text;

namespace Machine.Tool.Guests;

/// <summary>The files that tell a guest who it is; <c>identity.pl</c> reads them there by these names.</summary>
internal static class IdentityFiles
{
    /// <summary>What a machine that wakes up does besides, as a program; <see cref="WriteWorkAsync"/> fills it.</summary>
    private const string Work = "work";

    /// <summary>Of one size each: a thawed guest remembers how long they were when its template booted.</summary>
    private const int Size = 1024;

    private const int WorkSize = 16 * 1024;

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
            [Work] = "",
        };
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, content) in contents)
        {
            var path = Path.Combine(folder, name);
            files[name] = path;
            await File.WriteAllTextAsync(path, content.PadRight(name == Work ? WorkSize : Size, '\n'), cancel);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        return files;
    }

    /// <summary>Hands a guest that is about to wake up work that it can begin while the host is still connecting. What is too long stays undone.</summary>
    /// <param name="files">As <see cref="WriteAsync"/> returned them.</param>
    public static Task WriteWorkAsync(IReadOnlyDictionary<string, string> files, string program, CancellationToken cancel)
    {
        var file = new byte[WorkSize];
        file.AsSpan().Fill((byte)'\n');
        var text = Encoding.UTF8.GetBytes(program);
        if (text.Length < WorkSize)
        {
            text.CopyTo(file, 0);
        }

        return File.WriteAllBytesAsync(files[Work], file, cancel);
    }
}
