using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;
using Machine.Tool.Machines;

namespace Machine.Tool.Images.Templates;

/// <summary>The warm templates of this host: <c>templates/KEY/</c> with <c>template.json</c>, a disk, a memory and a state.</summary>
internal sealed class TemplateStore(MachinePaths paths)
{
    private const string Used = "last-used";

    public IReadOnlyList<WarmTemplate> List() =>
        Directory.Exists(paths.Templates)
            ? [.. Directory.EnumerateDirectories(paths.Templates).Select(folder => TryRead(Path.GetFileName(folder))).OfType<WarmTemplate>().OrderBy(template => template.LastUsed)]
            : [];

    /// <summary>The template of this key; null when there is none, or <paramref name="broken"/> says what is wrong with it.</summary>
    public WarmTemplate? Find(string key, out string? broken)
    {
        broken = null;
        var folder = Path.Combine(paths.Templates, key);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        if (TryRead(key) is not { } template)
        {
            broken = "its description is missing or broken";
            return null;
        }

        broken = template.Facts.Files
            .Where(file => TemplateFile.Of(Path.Combine(folder, file.Key)) != file.Value)
            .Select(file => $"{file.Key} is not what was frozen")
            .FirstOrDefault();
        return broken is null ? template : null;
    }

    /// <summary>Remembers that it was used now.</summary>
    public void Touch(string key)
    {
        try
        {
            File.WriteAllBytes(Path.Combine(paths.Templates, key, Used), []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A store that can't be written still serves.
        }
    }

    /// <summary>Removes it, unless a machine stands on it.</summary>
    /// <returns>False when a machine uses it or somebody builds it.</returns>
    public bool TryRemove(string key)
    {
        using var held = FileLock.TryAcquire(BuildFolder.LockFile(paths.Templates, key));
        if (held is null || KnownMachines.OnTemplate(paths, key).Count > 0)
        {
            return false;
        }

        AtomicDelete.Folder(Path.Combine(paths.Templates, key), $"{BuildFolder.Prefix}{key}-");
        return true;
    }

    /// <summary>
    /// Removes what was used least recently, until no more than <paramref name="most"/> are left, what killed builds left,
    /// and what stands on an image that has gone.
    /// </summary>
    /// <returns>The removed ones.</returns>
    public async Task<IReadOnlyList<WarmTemplate>> PruneAsync(int most)
    {
        await BuildFolder.SweepAsync(paths.Templates);
        DropOutdated();
        var all = List();
        var images = new ImageStore(paths);
        var excess = all.Count - most;
        return [.. all.Where((template, index) => (index < excess || images.Find(template.Facts.Image) is null) && TryRemove(template.Key))];
    }

    // Made by an earlier version of this tool, by rules that do not hold any more.
    private void DropOutdated()
    {
        foreach (var key in Directory.Exists(paths.Templates) ? Directory.GetDirectories(paths.Templates).Select(folder => Path.GetFileName(folder)) : [])
        {
            if (!key.StartsWith('.') && JsonFormat.IsBelow(Path.Combine(paths.Templates, key, TemplateFacts.FileName), "version", TemplateFacts.CurrentVersion))
            {
                TryRemove(key);
            }
        }
    }

    /// <summary>Takes away what makes it a template; its files stay for the machines that stand on them.</summary>
    public void Disown(string key)
    {
        if (Directory.Exists(Path.Combine(paths.Templates, key)))
        {
            File.Delete(Path.Combine(paths.Templates, key, TemplateFacts.FileName));
        }
    }

    /// <exception cref="MachineException">Something of this key is there, broken, and machines stand on its disk.</exception>
    public void RequireReplaceable(string key)
    {
        if (Directory.Exists(Path.Combine(paths.Templates, key)) && KnownMachines.OnTemplate(paths, key) is { Count: > 0 } machines)
        {
            throw new MachineException(
                $"the warm template {key[..Math.Min(12, key.Length)]} is broken, and cannot be made again while machines stand on its disk: {string.Join(", ", machines)}",
                "dotnet machine stop in their projects; dotnet machine destroy MACHINE for one whose project is gone");
        }
    }

    /// <exception cref="MachineException">Machines stand on what it would replace.</exception>
    public async Task<WarmTemplate> CommitAsync(BuildFolder build, TemplateFacts facts)
    {
        RequireReplaceable(facts.Key);
        JsonState.Write(Path.Combine(build.Path, TemplateFacts.FileName), facts);
        await build.CommitAsync(facts.Files.Keys.Append(TemplateFacts.FileName));
        Touch(facts.Key);
        return TryRead(facts.Key) ?? throw new InvalidOperationException($"the template {facts.Key} was committed and is not there");
    }

    private WarmTemplate? TryRead(string key)
    {
        var folder = Path.Combine(paths.Templates, key);
        if (key.StartsWith('.') || !OwnFolder.IsMine(folder))
        {
            return null;
        }

        try
        {
            if (JsonState.Read<TemplateFacts>(Path.Combine(folder, TemplateFacts.FileName)) is not { Version: TemplateFacts.CurrentVersion } facts || facts.Key != key)
            {
                return null;
            }

            var used = new FileInfo(Path.Combine(folder, Used));
            return new WarmTemplate(
                key, folder, facts, facts.Files.Keys.Sum(file => DiskUsage.AllocatedBytes(Path.Combine(folder, file))),
                used.Exists ? new DateTimeOffset(used.LastWriteTimeUtc) : facts.Created);
        }
        catch (JsonException)
        {
            // Of another version of this tool, or broken.
            return null;
        }
    }
}
