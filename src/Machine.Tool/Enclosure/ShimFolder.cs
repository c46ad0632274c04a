using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>
/// <c>.machine/</c>: what the muxer takes for a dotnet root in a machine project. It holds exactly what is written here:
/// a second SDK folder in it would be code that the next <c>dotnet</c> runs on this host.
/// </summary>
internal sealed class ShimFolder(string project, string shimFiles)
{
    public const string Name = ".machine";

    private const int MostAttempts = 5;

    private static readonly string[] ShimNames = ["dotnet.dll", "dotnet.runtimeconfig.json"];

    /// <summary>With the shim that comes with this tool.</summary>
    public static ShimFolder Of(string project) => new(project, System.IO.Path.Combine(AppContext.BaseDirectory, "shim"));

    private string Path { get; } = System.IO.Path.Combine(project, Name);

    public bool Exists => Directory.Exists(Path);

    /// <summary>The versions that the muxer finds there.</summary>
    public IReadOnlyList<string> Versions
    {
        get
        {
            var sdks = System.IO.Path.Combine(Path, "sdk");
            return Directory.Exists(sdks) ? [.. Directory.EnumerateDirectories(sdks).Select(folder => System.IO.Path.GetFileName(folder)!)] : [];
        }
    }

    /// <summary>Makes it what it should be; nothing is touched where it already is.</summary>
    /// <returns>True when something was written.</returns>
    public bool LayOut(string version, ShimTarget target)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (IsCurrent(version, target))
                {
                    return false;
                }

                Replace(version, target);
                return true;
            }
            catch (IOException) when (attempt < MostAttempts)
            {
                // Another start moved the folder meanwhile: most likely it is current now.
            }
        }
    }

    /// <summary>Whether it is, entry by entry, what <see cref="LayOut"/> would write.</summary>
    public bool IsCurrent(string version, ShimTarget target)
    {
        var sdk = System.IO.Path.Combine(Path, "sdk", version);
        return Exists && new FileInfo(Path).LinkTarget is null
            && Entries(Path).SetEquals([".gitignore", "sdk", "shared", "tool"])
            && Entries(System.IO.Path.Combine(Path, "sdk")).SetEquals([version])
            && new FileInfo(System.IO.Path.Combine(Path, "sdk")).LinkTarget is null
            && new FileInfo(sdk).LinkTarget is null
            && Entries(sdk).SetEquals(ShimNames)
            && ShimNames.All(name => Same(System.IO.Path.Combine(sdk, name), File.ReadAllBytes(System.IO.Path.Combine(shimFiles, name))))
            && Same(System.IO.Path.Combine(Path, "tool"), System.Text.Encoding.UTF8.GetBytes(target.Text))
            && new FileInfo(System.IO.Path.Combine(Path, "shared")).LinkTarget is { } link
            && System.IO.Path.TrimEndingDirectorySeparator(link) == Shared(target);
    }

    private void Replace(string version, ShimTarget target)
    {
        if (new FileInfo(Path).LinkTarget is not null || File.Exists(Path))
        {
            throw new MachineException($"{Path} is not a folder of this tool's", "remove it");
        }

        // Whole or not at all: for a moment there may be none, and then dotnet refuses.
        var fresh = $"{Path}-{Guid.NewGuid():N}";
        var old = fresh + "-old";
        try
        {
            Write(fresh, version, target);
            if (Exists)
            {
                Directory.Move(Path, old);
            }

            Directory.Move(fresh, Path);
        }
        finally
        {
            Remove(fresh);
            Remove(old);
        }
    }

    private void Write(string folder, string version, ShimTarget target)
    {
        var sdk = Directory.CreateDirectory(System.IO.Path.Combine(folder, "sdk", version)).FullName;
        foreach (var name in ShimNames)
        {
            File.Copy(System.IO.Path.Combine(shimFiles, name), System.IO.Path.Combine(sdk, name));
        }

        // Without it the muxer finds no runtime for the shim (exit code 150).
        FolderLink.Create(System.IO.Path.Combine(folder, "shared"), Shared(target));
        File.WriteAllText(System.IO.Path.Combine(folder, "tool"), target.Text);
        File.WriteAllText(System.IO.Path.Combine(folder, ".gitignore"), "# Of this computer alone; dotnet-machine start writes it.\n*\n");
    }

    private static string Shared(ShimTarget target) => System.IO.Path.Combine(System.IO.Path.TrimEndingDirectorySeparator(target.DotnetRoot), "shared");

    private static HashSet<string> Entries(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => System.IO.Path.GetFileName(entry)!)] : [];

    private static bool Same(string file, byte[] content) =>
        new FileInfo(file) is { Exists: true, LinkTarget: null } info && info.Length == content.Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(content);

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
