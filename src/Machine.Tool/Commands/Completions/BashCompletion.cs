using System.Text;

namespace Machine.Tool.Commands.Completions;

/// <summary>For bash 3.2 and newer: no associative arrays, because macOS still has the old one.</summary>
internal static class BashCompletion
{
    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var steps = new StringBuilder();
        var words = new StringBuilder();
        foreach (var place in places)
        {
            if (place.Path.Length > 0)
            {
                steps.Append($"      {string.Join('|', place.Steps.Select(Quote))}) {(place.PassesThrough ? "return" : $"verb={Quote(place.Path)}")} ;;\n");
            }

            if (!place.PassesThrough)
            {
                words.Append($"    {Quote(place.Path)}) words={Quote(Join(place.Words))} options={Quote(Join(place.Options))} ;;\n");
            }
        }

        return $$"""
            # Completes dotnet-machine and `dotnet machine` in bash:  source <(dotnet-machine completions bash)
            _dotnet_machine() {
              local current=${COMP_WORDS[COMP_CWORD]} first=1 verb= words= options= i
              COMPREPLY=()
              if [[ ${COMP_WORDS[0]##*/} == dotnet ]]; then first=2; fi
              for ((i = first; i < COMP_CWORD; i++)); do
                case $verb/${COMP_WORDS[i]} in
            {{steps}}    esac
              done
              case $verb in
            {{words}}  esac
              if [[ $current == -* ]]; then words=$options; fi
              COMPREPLY=($(compgen -W "$words" -- "$current"))
            }
            _dotnet_machine_in_dotnet() {
              if [[ ${COMP_WORDS[1]} == machine && $COMP_CWORD -ge 2 ]]; then
                _dotnet_machine
              elif [[ -n $_dotnet_machine_before ]]; then
                "$_dotnet_machine_before" "$@"
              fi
            }
            if [[ $(complete -p dotnet 2> /dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _dotnet_machine_in_dotnet ]]; then
              _dotnet_machine_before=${BASH_REMATCH[1]}
            fi
            complete -o default -F _dotnet_machine dotnet-machine
            complete -o default -F _dotnet_machine_in_dotnet dotnet

            """;
    }

    private static string Join(IEnumerable<CompletionWord> words) => string.Join(' ', words.Select(word => word.Text));

    private static string Quote(string text) => $"'{text}'";
}
