using System.Text.RegularExpressions;

namespace Machine.Tool.Workspaces.Outputs;

/// <summary>
/// Finds in a dotnet command line the options that name output. Nothing else is understood here, and nothing is changed:
/// the command gets its arguments as they are. Response files (<c>@file</c>) are not read.
/// </summary>
internal static partial class OutputOptions
{
    // Of these verbs alone: -o of `dotnet new` names a place for sources.
    private static readonly string[] BuildVerbs = ["build", "publish", "pack", "test", "clean", "msbuild", "run", "restore", "store", "vstest"];

    private static readonly string[] FolderProperties =
        ["PublishDir", "PackageOutputPath", "OutputPath", "OutDir", "BaseOutputPath", "ArtifactsPath", "VSTestResultsDirectory"];

    /// <param name="arguments">Of dotnet.</param>
    public static IEnumerable<NamedOutput> Find(IReadOnlyList<string> arguments)
    {
        // -d and --diagnostics come before the verb.
        var verb = arguments.TakeWhile(argument => argument.StartsWith('-')).Count();
        if (verb == arguments.Count || !BuildVerbs.Contains(arguments[verb]))
        {
            yield break;
        }

        for (var i = verb + 1; i < arguments.Count && arguments[i] != "--"; i++)
        {
            var (name, value, inNext) = Split(arguments, i);
            foreach (var output in Of(name, value))
            {
                yield return output;
            }

            i += inNext && TakesValue(name) ? 1 : 0;
        }
    }

    private static IEnumerable<NamedOutput> Of(string name, string? value) => name switch
    {
        "-o" or "--output" or "--artifacts-path" or "--results-directory" when value is { Length: > 0 } => [new NamedOutput(name, Unquoted(value), PlaceKind.Folder)],
        "-l" or "--logger" when value is not null => Logger(name, value),
        "-p" or "-property" when value is not null => Properties(value),
        "-bl" or "-binarylogger" => [new NamedOutput("-bl", LogFile(value, "msbuild.binlog"), PlaceKind.File)],
        "-fl" or "-filelogger" => [new NamedOutput("-fl", "msbuild.log", PlaceKind.File)],
        _ when FileLoggerParameters().IsMatch(name) && value is not null => [new NamedOutput(name, LogFile(value, "msbuild.log"), PlaceKind.File)],
        _ => [],
    };

    // MSBuild's switches: -p: /p: --p: in any case; the command line's own options: --output X, --output=X, --output:X.
    private static (string Name, string? Value, bool InNext) Split(IReadOnlyList<string> arguments, int index)
    {
        var argument = arguments[index];
        var end = argument.AsSpan().IndexOfAny(':', '=');
        var name = end < 0 ? argument : argument[..end];
        if (!name.StartsWith('-') && !(name.StartsWith('/') && MSBuildSwitch().IsMatch(name)))
        {
            return ("", null, false);
        }

        var msbuild = MSBuildSwitch().Match(name);
        name = msbuild.Success ? "-" + msbuild.Groups[1].Value.ToLowerInvariant() : name;
        var next = end < 0 && index + 1 < arguments.Count ? arguments[index + 1] : null;
        return end < 0 ? (name, TakesValue(name) ? next : null, next is not null) : (name, argument[(end + 1)..], false);
    }

    private static bool TakesValue(string name) =>
        name is "-o" or "--output" or "--artifacts-path" or "--results-directory" or "-l" or "--logger" or "-p" or "-property";

    private static IEnumerable<NamedOutput> Properties(string list)
    {
        foreach (var pair in list.Split(';', ','))
        {
            var (name, value) = Pair(pair);
            if (FolderProperties.Contains(name, StringComparer.OrdinalIgnoreCase) && value.Length > 0 && !value.Contains("$(", StringComparison.Ordinal))
            {
                yield return new NamedOutput($"-p:{name}", Slashes(value), PlaceKind.FolderOfProject);
            }
        }
    }

    // "trx;LogFileName=a.trx" lies among the results; the LogFilePath of others is a path.
    private static IEnumerable<NamedOutput> Logger(string option, string value)
    {
        foreach (var part in Unquoted(value).Split(';').Skip(1))
        {
            var (name, file) = Pair(part);
            if (file.Length > 0 && name.Equals("LogFileName", StringComparison.OrdinalIgnoreCase))
            {
                yield return new NamedOutput($"{option} {name}", Slashes(file), PlaceKind.TestResult);
            }
            else if (file.Length > 0 && name.Equals("LogFilePath", StringComparison.OrdinalIgnoreCase) && !file.Contains('{', StringComparison.Ordinal))
            {
                yield return new NamedOutput($"{option} {name}", file, PlaceKind.File);
            }
        }
    }

    // LogFile=a.binlog;ProjectImports=None, or the path alone.
    private static string LogFile(string? parameters, string fallback)
    {
        foreach (var part in Unquoted(parameters ?? "").Split(';'))
        {
            var (name, value) = Pair(part);
            if (name.Equals("LogFile", StringComparison.OrdinalIgnoreCase) && value.Length > 0)
            {
                return value;
            }

            if (value.Length == 0 && name.EndsWith(".binlog", StringComparison.OrdinalIgnoreCase))
            {
                return name;
            }
        }

        return fallback;
    }

    private static (string Name, string Value) Pair(string text)
    {
        var pair = Unquoted(text).Split('=', 2);
        return (Unquoted(pair[0]).Trim(), pair.Length == 2 ? Uri.UnescapeDataString(Unquoted(pair[1].Trim())) : "");
    }

    // As MSBuild reads them inside.
    private static string Slashes(string path) => path.Replace('\\', '/');

    private static string Unquoted(string text) => text.Replace("\"", "", StringComparison.Ordinal);

    [GeneratedRegex("^(?:--?|/)(p|property|bl|binarylogger|fl|filelogger|flp[1-9]?|fileloggerparameters[1-9]?)$", RegexOptions.IgnoreCase)]
    private static partial Regex MSBuildSwitch();

    [GeneratedRegex("^-(flp|fileloggerparameters)[1-9]?$")]
    private static partial Regex FileLoggerParameters();
}
