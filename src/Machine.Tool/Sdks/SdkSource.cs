using System.Security.Cryptography;
using Machine.Tool.Hosting;

namespace Machine.Tool.Sdks;

/// <summary>Where the guest's SDK comes from.</summary>
internal abstract record SdkSource(string Version)
{
    /// <summary>What of the source decides the image's content: part of its hash.</summary>
    public abstract IReadOnlyList<string> Identity { get; }

    /// <summary>Prepares it in the build's folder, for the recipe to copy or unpack.</summary>
    public abstract Task StageAsync(string folder, CancellationToken cancel);
}

/// <summary>The host's own installation: this SDK, and every runtime beside it, for projects with several targets.</summary>
internal sealed record HostSdk(string Root, string Version) : SdkSource(Version)
{
    private static readonly string[] Packs = ["Microsoft.NETCore.App.", "Microsoft.AspNetCore.App.", "NETStandard.", "Microsoft.WindowsDesktop.App."];

    public override IReadOnlyList<string> Identity => Entries();

    public override async Task StageAsync(string folder, CancellationToken cancel)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "sdk.list"), string.Concat(Entries().Select(entry => entry + "\n")), cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "sdk.root"), Root, cancel);
    }

    /// <summary>Paths below the root, as a list for tar.</summary>
    internal IReadOnlyList<string> Entries()
    {
        var band = SdkVersion.TryParse(Version) is { } version ? $"{version.Major}.{version.Minor}." : Version;
        IEnumerable<string> entries =
        [
            "dotnet",
            .. new[] { "dnx", "LICENSE.txt", "ThirdPartyNotices.txt" }.Where(file => File.Exists(Path.Combine(Root, file))),
            .. Below("host/fxr"),
            $"sdk/{Version}",
            .. Below("shared").SelectMany(Below),
            .. Below("packs").Where(pack => Packs.Any(prefix => Path.GetFileName(pack).StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).SelectMany(Below),
            .. Below("templates").Where(folder => Path.GetFileName(folder).StartsWith(band, StringComparison.Ordinal)),
            .. Below("sdk-manifests").Where(folder => Path.GetFileName(folder).StartsWith(band, StringComparison.Ordinal)),
        ];
        return [.. entries];
    }

    private IEnumerable<string> Below(string folder)
    {
        var path = Path.Combine(Root, folder);
        return Directory.Exists(path)
            ? Directory.EnumerateDirectories(path).Select(entry => $"{folder}/{Path.GetFileName(entry)}").Order(StringComparer.Ordinal)
            : [];
    }
}

/// <summary>An archive that the user put into the archive folder, with its checksum beside it.</summary>
internal sealed record ArchiveSdk(string File, string Version) : SdkSource(Version)
{
    public override IReadOnlyList<string> Identity => [Checksum()];

    public override async Task StageAsync(string folder, CancellationToken cancel)
    {
        var expected = Checksum();
        string actual;
        await using (var stream = System.IO.File.OpenRead(File))
        {
            actual = Convert.ToHexStringLower(await SHA512.HashDataAsync(stream, cancel));
        }

        if (actual != expected)
        {
            throw new MachineException(
                $"{File} is not what its checksum says:\n  expected {expected}\n  found    {actual}", "download the archive and its checksum again", ExitCode.MachineUnavailable);
        }

        System.IO.File.CreateSymbolicLink(Path.Combine(folder, "sdk.tar.gz"), File);
    }

    private string Checksum()
    {
        var sidecar = File + ".sha512";
        if (!System.IO.File.Exists(sidecar))
        {
            throw new MachineException(
                $"{File} has no checksum beside it", $"put the SHA-512 that its publisher states into {sidecar}", ExitCode.MachineUnavailable);
        }

        var word = System.IO.File.ReadAllText(sidecar).Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        return word.Length == 128 && word.All(char.IsAsciiHexDigit)
            ? word.ToLowerInvariant()
            : throw new MachineException($"{sidecar} holds no SHA-512 (128 hexadecimal digits)", exitCode: ExitCode.MachineUnavailable);
    }
}
