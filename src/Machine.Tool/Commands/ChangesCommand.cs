using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Commands;

/// <summary><c>changes</c>: what the guest wrote that is not on the host.</summary>
internal static class ChangesCommand
{
    public static Command Create()
    {
        var diff = new Option<bool>("--diff") { Description = "Show the changes themselves" };
        var json = CommonOptions.Json();
        var paths = new Argument<string[]>("PATH") { Description = "Only these files or folders", Arity = ArgumentArity.ZeroOrMore };
        var command = new Verb("changes", "List what commands inside changed, and this host does not have")
        {
            Examples = ["dotnet machine changes", "dotnet machine changes --diff src", "dotnet machine changes --json"],
        };
        command.Add(paths);
        command.Add(diff);
        command.Add(json);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths) ?? [], parsed.GetValue(diff), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] typed, bool diff, bool json, CancellationToken cancel)
    {
        var opened = OpenedProject.Here();
        var wanted = typed.Select(opened.Shown.FromTyped).ToList();
        using var held = await ConsoleLease.OfChangesAsync(opened, "changes", cancel);
        var all = held is null ? [] : await held.Workspace.ListAsync(cancel);
        var changes = all.Where(change => wanted.Count == 0 || wanted.Exists(path => IsIn(change.Path, path))).ToList();
        var diffs = new Dictionary<Change, ShownChange>(ReferenceEqualityComparer.Instance);
        foreach (var change in diff ? changes : [])
        {
            // A refused entry has no content that anybody may see.
            diffs[change] = change.Class == ChangeClass.Refused ? new ShownChange(change, "", "") : await held!.Workspace.ShowAsync(change.Path, cancel);
        }

        if (json)
        {
            Say.Json(changes.Select(change => ChangeJson.Of(change, diffs.GetValueOrDefault(change))));
            return ExitCode.Ok;
        }

        Print(changes, diffs, opened.Shown);
        return ExitCode.Ok;
    }

    private static void Print(List<Change> changes, Dictionary<Change, ShownChange> diffs, ProjectPaths paths)
    {
        foreach (var change in changes)
        {
            Say.Result(ChangesText.Line(change, paths));
            if (diffs.GetValueOrDefault(change) is { Diff.Length: > 0 } shown)
            {
                DiffText.Print(shown.Diff);
            }
        }

        if (changes.Count == 0)
        {
            Say.Aside("no changes are held");
        }
        else if (changes.Exists(change => change.Class != ChangeClass.Refused))
        {
            Say.Aside("dotnet machine apply [PATH…] brings them to this host, dotnet machine discard PATH… forgets them");
        }
    }

    private static bool IsIn(string path, string wanted) =>
        wanted == "." || path == wanted || path.StartsWith(wanted + "/", StringComparison.Ordinal);
}

/// <summary>One change as <c>changes --json</c> prints it.</summary>
/// <param name="Path">Relative to the project, as the guest named it.</param>
/// <param name="Hash">Of all that the diff shows, for <c>apply --hash</c>; with the diff alone.</param>
internal sealed record ChangeJson(
    string Path, ChangeKind Kind, ChangeClass Class, long SizeBytes, bool Executable, bool Conflict, string? Reason, string? Diff, string? Hash)
{
    public static ChangeJson Of(Change change, ShownChange? shown) => new(
        change.Path, change.Kind, change.Class, change.SizeBytes, change.Executable, change.Conflict, change.Reason, shown?.Diff, shown is { Hash.Length: > 0 } ? shown.Hash : null);
}
