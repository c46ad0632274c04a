using System.CommandLine;
using System.CommandLine.Completions;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>docs [TOPIC]</c>: a page of the manual as it is, or the list of pages. A user has no other copy of the version that he runs.</summary>
internal static class DocsCommand
{
    public static Command Create()
    {
        var topic = new Argument<string?>("TOPIC") { Description = "A page of the manual; without one, the pages are listed", Arity = ArgumentArity.ZeroOrOne };
        // Asked for by completions alone: other commands need not read the assembly.
        topic.CompletionSources.Add(_ => ManualPage.Topics.Select(name => new CompletionItem(name)));
        var command = new Verb("docs", "Show a page of the manual, or list its pages")
        {
            Examples = ["dotnet machine docs", "dotnet machine docs limits", "dotnet machine docs machinefile | less"],
        };
        command.Add(topic);
        command.SetAction(parsed => parsed.GetValue(topic) is { } name ? Show(name) : List());
        return command;
    }

    private static int Show(string topic)
    {
        if (ManualPage.Find(topic) is not { } page)
        {
            return new UsageError($"the manual has no {Printable.Quote(topic)}; it has {string.Join(", ", ManualPage.Topics)}", "docs").Say();
        }

        Console.Out.Write(page.Text);
        return ExitCode.Ok;
    }

    private static int List()
    {
        var table = new ReportTable("TOPIC", "PAGE");
        foreach (var topic in ManualPage.Topics)
        {
            table.Add(topic, ManualPage.Find(topic)!.Title);
        }

        table.Print();
        return ExitCode.Ok;
    }
}
