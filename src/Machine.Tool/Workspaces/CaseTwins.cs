using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces;

/// <summary>On a host that folds case, finds paths that would fall on one another, or on a differently written name of the host: by case, or by another form of the same letters.</summary>
internal sealed class CaseTwins(HostTree tree)
{
    private readonly Dictionary<string, string?> spellings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, string>> hostNames = new(StringComparer.Ordinal);

    public void Add(string path)
    {
        foreach (var part in Parts(path))
        {
            var folded = Fold(part);
            // Null marks a name that came in two spellings.
            spellings[folded] = !spellings.TryGetValue(folded, out var spelling) || spelling == part ? part : null;
        }
    }

    public string? Refusal(string path)
    {
        foreach (var part in Parts(path))
        {
            if (spellings.TryGetValue(Fold(part), out var spelling) && spelling is null)
            {
                return "its name differs from another's only by case or by the form of its letters";
            }

            if (HostSpelling(part) is { } other && other != part[(part.LastIndexOf('/') + 1)..])
            {
                return $"the host writes the name {Tainted.Line(other)}";
            }
        }

        return null;
    }

    private static IEnumerable<string> Parts(string path)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }

        yield return path;
    }

    private static string Fold(string path) => NameFold.Of(path);

    private string? HostSpelling(string path)
    {
        var slash = path.LastIndexOf('/');
        var folder = slash < 0 ? "" : path[..slash];
        if (!hostNames.TryGetValue(folder, out var names))
        {
            names = new(StringComparer.Ordinal);
            if (folder.Length == 0 || tree.Stat(folder).Kind == HostKind.Folder)
            {
                foreach (var entry in new DirectoryInfo(Path.Combine(tree.Root, folder)).EnumerateFileSystemInfos())
                {
                    names[Fold(entry.Name)] = entry.Name;
                }
            }

            hostNames[folder] = names;
        }

        return names.GetValueOrDefault(Fold(path[(slash + 1)..]));
    }
}
