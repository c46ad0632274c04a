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
        using var held = ConsoleLease.OfChanges(opened, "changes", cancel);
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
internal sealed record ChangeJson
{
    /// <summary>Relative to the project, as the guest named it.</summary>
    public required string Path { get; init; }

    public required ChangeKind Kind { get; init; }

    public required ChangeClass Class { get; init; }

    public required long SizeBytes { get; init; }

    public required bool Executable { get; init; }

    public required bool Conflict { get; init; }

    public string? Reason { get; init; }

    public string? Diff { get; init; }

    /// <summary>Of all that the diff shows, for <c>apply --hash</c>; with the diff alone.</summary>
    public string? Hash { get; init; }

    public static ChangeJson Of(Change change, ShownChange? shown) => new()
    {
        Path = change.Path,
        Kind = change.Kind,
        Class = change.Class,
        SizeBytes = change.SizeBytes,
        Executable = change.Executable,
        Conflict = change.Conflict,
        Reason = change.Reason,
        Diff = shown?.Diff,
        Hash = shown is { Hash.Length: > 0 } ? shown.Hash : null,
    };
}
