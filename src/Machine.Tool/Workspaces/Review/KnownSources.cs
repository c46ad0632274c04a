using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>
/// What <see cref="Machinefiles.ChangesMode.Apply"/> brings without asking: plain files that a person edits and no tool of a host runs or obeys.
/// A list of what is good: what nobody thought of is held.
/// </summary>
internal static class KnownSources
{
    private static readonly HashSet<string> Extensions = new(
        [
            ".cs", ".vb", ".fs", ".fsi", ".razor", ".cshtml", ".vbhtml", ".xaml", ".axaml", ".resx", ".resw", ".xlf", ".proto", ".graphql", ".sql",
            ".css", ".scss", ".sass", ".less", ".html", ".htm", ".md", ".markdown", ".txt", ".rst", ".adoc", ".csv", ".tsv",
        ],
        StringComparer.OrdinalIgnoreCase);

    public static bool Holds(Finding finding) => finding.Entry.Type switch
    {
        'f' => Holds(finding.Path),
        'l' => false,
        _ => finding.Files is null ? Holds(finding.Path) : finding.Files.TrueForAll(file => Holds(file.Path)),
    };

    private static bool Holds(ProjectPath path) => Extensions.Contains(Path.GetExtension(path.Text));
}
