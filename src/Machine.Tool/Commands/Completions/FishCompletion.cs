using System.Text;

namespace Machine.Tool.Commands.Completions;

/// <summary>For fish, with descriptions; it adds to what completes <c>dotnet</c> already.</summary>
internal static class FishCompletion
{
    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var steps = new StringBuilder();
        var words = new StringBuilder();
        foreach (var place in places)
        {
            if (place.Path.Length > 0)
            {
                steps.Append($"            case {string.Join(' ', place.Steps.Select(Quote))}\n                {(place.PassesThrough ? "return 1" : $"set verb {Quote(place.Path)}")}\n");
            }

            foreach (var word in place.PassesThrough ? [] : place.Words)
            {
                words.Append($"    complete -c $command -f -n {Quote($"__dotnet_machine_at '{place.Path}'")} -a {Quote(word.Text)} -d {Quote(word.Description)}\n");
            }

            foreach (var option in place.PassesThrough ? [] : place.Options)
            {
                words.Append($"    complete -c $command -n {Quote($"__dotnet_machine_at '{place.Path}'")} {Name(option.Text)} -d {Quote(option.Description)}\n");
            }
        }

        return $$"""
            # Completes dotnet-machine and `dotnet machine` in fish:  dotnet-machine completions fish | source
            function __dotnet_machine_at
                set -l tokens (commandline -opc)
                set -l first 2
                set -l verb ''
                if string match -q '*dotnet' -- $tokens[1]
                    test "$tokens[2]" = machine; or return 1
                    set first 3
                end
                for token in $tokens[$first..-1]
                    switch $verb/$token
            {{steps}}        end
                end
                test "$verb" = "$argv[1]"
            end
            for command in dotnet-machine dotnet
            {{words}}end

            """;
    }

    private static string Name(string option) =>
        option.StartsWith("--", StringComparison.Ordinal) ? $"-l {option[2..]}" : $"-s {option[1..]}";

    private static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
