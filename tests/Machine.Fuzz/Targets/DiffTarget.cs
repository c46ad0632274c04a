using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Fuzz.Targets;

/// <summary>Root of the guest wrote one side of a diff that a person reads; the sides are parted by the first NUL.</summary>
internal static class DiffTarget
{
    public static FuzzTarget Target { get; } = new("diff", Run, "\0", "\n", "\r\n", "\r", "a\n", "b\n", "@@ -1 +1 @@\n", "--- a\n", "\u001b[2J", "\u202e", "\t", "\\ No newline");

    private static void Run(byte[] input)
    {
        var sides = System.Text.Encoding.UTF8.GetString(input).Split('\0', 2);
        var diff = UnifiedDiff.Create("name", sides[0], sides.Length == 2 ? sides[1] : null);
        foreach (var line in diff.Split('\n'))
        {
            Promise.IsPlain(Tainted.Content(line), "a shown line", lines: true);
        }

        Promise.Holds(sides.Length == 1 || sides[0] == sides[1] || diff.Length > 0, "a difference is not shown");
    }
}
