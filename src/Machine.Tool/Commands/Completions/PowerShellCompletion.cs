using System.Text;

namespace Machine.Tool.Commands.Completions;

/// <summary>For PowerShell 7, with descriptions; other <c>dotnet</c> verbs still complete as the SDK does.</summary>
internal static class PowerShellCompletion
{
    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var steps = new StringBuilder();
        var words = new StringBuilder();
        foreach (var place in places)
        {
            foreach (var step in place.Path.Length == 0 ? [] : place.Steps)
            {
                steps.Append($"        {Quote(step)} = {(place.PassesThrough ? "$null" : Quote(place.Path))}\n");
            }

            if (!place.PassesThrough)
            {
                words.Append($"        {Quote(place.Path)} = @({string.Join(", ", place.Words.Concat(place.Options).Select(word => $"@({Quote(word.Text)}, {Quote(word.Description)})"))})\n");
            }
        }

        return $$"""
            # Completes dotnet-machine and `dotnet machine` in PowerShell:  dotnet-machine completions pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName dotnet-machine, dotnet -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $steps = @{
            {{steps}}    }
                $words = @{
            {{words}}    }
                $before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
                $first = 1
                if ([IO.Path]::GetFileNameWithoutExtension($before[0]) -eq 'dotnet') {
                    if ($before.Count -lt 2 -or $before[1] -ne 'machine') {
                        dotnet complete --position $cursorPosition "$commandAst" | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
                        return
                    }
                    $first = 2
                }
                $verb = ''
                for ($i = $first; $i -lt $before.Count; $i++) {
                    $step = "$verb/$($before[$i])"
                    if ($steps.ContainsKey($step)) { $verb = $steps[$step] }
                    if ($null -eq $verb) { return }
                }
                $words[$verb] | Where-Object { $_[0] -like "$wordToComplete*" -and ($wordToComplete -like '-*' -or $_[0] -notlike '-*') } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1]) }
            }

            """;
    }

    private static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
