using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>On a host that folds case, finds paths that would fall on one another, or on a differently written name of the host: by case, or by another form of the same letters.</summary>
internal sealed class CaseTwins(HostTree tree)
{
    private readonly Dictionary<string, ProjectPath?> spellings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> hostNames = new(StringComparer.Ordinal);

    public void Add(ProjectPath path)
    {
        foreach (var part in path.Way)
        {
            var folded = NameFold.Of(part.Text);
            // Null marks a name that came in two spellings.
            spellings[folded] = !spellings.TryGetValue(folded, out var spelling) || spelling == part ? part : null;
        }
    }

    public string? Refusal(ProjectPath path)
    {
        foreach (var part in path.Way)
        {
            if (spellings.TryGetValue(NameFold.Of(part.Text), out var spelling) && spelling is null)
            {
                return "its name differs from another's only by case or by the form of its letters";
            }

            if (HostSpelling(part) is { } other && other != part.Name)
            {
                return $"the host writes the name {Tainted.Line(other)}";
            }
        }

        return null;
    }

    private string? HostSpelling(ProjectPath path)
    {
        var folder = path.Folder;
        if (!hostNames.TryGetValue(folder?.Text ?? "", out var names))
        {
            names = new(StringComparer.Ordinal);
            if (folder is null || tree.Stat(folder).Kind == HostKind.Folder)
            {
                foreach (var entry in new DirectoryInfo(Path.Combine(tree.Root, folder?.Text ?? "")).EnumerateFileSystemInfos())
                {
                    names[NameFold.Of(entry.Name)] = entry.Name;
                }
            }

            hostNames[folder?.Text ?? ""] = names;
        }

        return names.GetValueOrDefault(NameFold.Of(path.Name));
    }
}
