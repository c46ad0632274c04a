using Machine.Tool.Hosting;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Commands;

/// <summary>Shows a person at the terminal what an apply would write.</summary>
internal sealed class ConsoleReview(ProjectPaths paths) : IReview
{
    public bool Agrees(ShownChange one)
    {
        DiffText.Print(one.Diff, Console.Error, Terminal.ErrorIsTerminal);
        return Question.Ask($"{ChangesText.Line(one.Change, paths)}\nApply it?");
    }

    public bool AgreesToReplace(IReadOnlyList<ShownChange> files)
    {
        foreach (var file in files)
        {
            Console.Error.WriteLine("  " + ChangesText.Line(file.Change, paths));
        }

        return Question.Ask($"Replace {HumanText.Count(files.Count, "file")} of this host's own with what was built in the machine?");
    }
}
