using System.Text;

namespace Machine.Tool.Commands.Completions;

/// <summary>For zsh, with descriptions.</summary>
internal static class ZshCompletion
{
    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var steps = new StringBuilder();
        var words = new StringBuilder();
        foreach (var place in places)
        {
            if (place.Path.Length > 0)
            {
                steps.Append($"      ({string.Join('|', place.Steps)}) {(place.PassesThrough ? "_files; return" : $"verb={place.Path}")} ;;\n");
            }

            if (!place.PassesThrough)
            {
                words.Append($"    ('{place.Path}') found=({Join(place.Words)}) options=({Join(place.Options)}) ;;\n");
            }
        }

        return $$"""
            #compdef dotnet-machine
            # Completes dotnet-machine and `dotnet machine` in zsh:  source <(dotnet-machine completions zsh)
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            _dotnet_machine() {
              local verb='' first=2 i
              local -a found options
              if [[ ${words[1]:t} == dotnet ]]; then first=3; fi
              for ((i = first; i < CURRENT; i++)); do
                case "$verb/${words[i]}" in
            {{steps}}    esac
              done
              case "$verb" in
            {{words}}  esac
              if [[ ${words[CURRENT]} == -* ]]; then
                _describe -o option options
              elif (( $#found )); then
                _describe verb found
              else
                _files
              fi
            }
            _dotnet_machine_in_dotnet() {
              if [[ ${words[2]} == machine && $CURRENT -ge 3 ]]; then
                _dotnet_machine
              elif [[ -n $_dotnet_machine_before ]]; then
                $_dotnet_machine_before "$@"
              else
                _files
              fi
            }
            if [[ ${_comps[dotnet]-} != _dotnet_machine_in_dotnet ]]; then _dotnet_machine_before=${_comps[dotnet]-}; fi
            compdef _dotnet_machine dotnet-machine
            compdef _dotnet_machine_in_dotnet dotnet

            """;
    }

    private static string Join(IEnumerable<CompletionWord> words) => string.Join(' ', words.Select(word => Quote($"{word.Text.Replace(":", "\\:", StringComparison.Ordinal)}:{word.Description}")));

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
