using System.Text;

namespace Machine.Tool.Commands.Help;

/// <summary>A page of docs/ that is for users: the tool brings those of its own version.</summary>
internal sealed record ManualPage(string Topic, string Text)
{
    private const string Folder = "Manual/";

    /// <summary>What the page is about: its first heading.</summary>
    public string Title => Text.Split('\n').First(line => line.StartsWith("# ", StringComparison.Ordinal))[2..].TrimEnd();

    /// <summary>In the order of the project file.</summary>
    public static IReadOnlyList<string> Topics =>
        [.. typeof(ManualPage).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).Select(name => name[Folder.Length..])];

    /// <summary>Null for a topic that has no page.</summary>
    public static ManualPage? Find(string topic)
    {
        using var page = typeof(ManualPage).Assembly.GetManifestResourceStream(Folder + topic);
        if (page is null)
        {
            return null;
        }

        using var reader = new StreamReader(page, Encoding.UTF8);
        return new ManualPage(topic, reader.ReadToEnd());
    }
}
