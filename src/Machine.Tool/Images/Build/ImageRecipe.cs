using System.Text;
using Machine.Tool.Guests;

namespace Machine.Tool.Images.Build;

/// <summary>The scripts and configuration files that make an image, embedded in the tool. Their content is part of every image's hash.</summary>
internal static class ImageRecipe
{
    /// <summary>Raised when an image made by the code around the recipe must not be reused.</summary>
    public const int Version = 3;

    /// <summary>Given to the guest's kernel. Inside, root is anybody's: the boundary is the machine, so mitigations only cost.</summary>
    public const string KernelArguments =
        "rw quiet rootfstype=ext4 rootflags=noatime,noinit_itable mitigations=off random.trust_cpu=on audit=0 apparmor=0 nowatchdog fsck.mode=skip net.ifnames=0";

    private const string Prefix = "Images/";

    private static readonly string[] GuestFiles = ["identity.pl", "machine-identity.service", "machine-grow.service", "door.pl", "machine-door.service"];

    /// <summary>File name to content, in the order of names.</summary>
    public static IReadOnlyDictionary<string, string> Files { get; } = Read();

    public static async Task WriteAsync(string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in Files)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), content, cancel);
        }
    }

    private static SortedDictionary<string, string> Read()
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in GuestFiles)
        {
            files[name] = GuestResource.Read(name);
        }

        var assembly = typeof(ImageRecipe).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            files[resource[Prefix.Length..]] = reader.ReadToEnd();
        }

        return files;
    }
}
