using System.Collections;
using Machine.Tool.Guests;

namespace Machine.Tool.Control;

/// <summary>
/// What a client wants run. The supervisor, which is warm, does with it what a process that has just started would take longer
/// for than the command takes: reading the Machinefile, looking at the ledger, bringing the outputs (docs/measured.md).
/// </summary>
/// <param name="Directory">Where it was typed, by its real path: at or below the project.</param>
/// <param name="Arguments">Program and arguments, byte for byte.</param>
/// <param name="Variables">Of this command alone; null passes the client's value.</param>
/// <param name="Environment">Those of the client's own variables that may be handed on (<see cref="PassedVariables"/>); no other leaves its process.</param>
internal sealed record ExecOrder(
    string Directory, IReadOnlyList<byte[]> Arguments, IReadOnlyDictionary<string, string?> Variables, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>As typed in this process.</summary>
    /// <param name="machinefile">Its text, not yet read as what it is: a variable that it does not even mention stays here.</param>
    public static ExecOrder Here(string directory, IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables, string machinefile)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (PassedVariables.MayPass(name) || (variables.TryGetValue(name, out var given) && given is null) || machinefile.Contains(name, StringComparison.Ordinal))
            {
                environment[name] = (string?)variable.Value ?? "";
            }
        }

        return new ExecOrder(directory, arguments, variables, environment);
    }
}
