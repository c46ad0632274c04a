using System.Globalization;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Machinefiles;

/// <summary>Makes the model of a Machinefile's secrets, whose shapes are right.</summary>
internal sealed class SecretBinder(ProjectRoot project, HostFacts host, Problems problems)
{
    public IReadOnlyList<Secret> Bind(YamlMap? secrets) => [.. (secrets?.Entries ?? []).Select(entry => Bind(entry.Key, (YamlMap)entry.Value)).OfType<Secret>()];

    private Secret? Bind(YamlScalar name, YamlMap map)
    {
        var to = (YamlScalar)map.Find(MachinefileKeys.SecretTo.Name)!;
        var rule = NetworkRule.Parse(to.Value).Rule!;
        var api = YamlValues.Text(map, MachinefileKeys.SecretApi);
        var header = YamlValues.Text(map, MachinefileKeys.SecretHeader);
        var tokens = YamlValues.Text(map, MachinefileKeys.SecretTokens);
        if (tokens is not null && api is null)
        {
            problems.Add(map.Find(MachinefileKeys.SecretTokens.Name)!, "secrets: tokens are counted in the answers of a model's API alone", "write api: anthropic or api: openai, or leave it out");
        }

        var (origin, path, command) = Origin(map.Find(MachinefileKeys.SecretFrom.Name)!);
        return new Secret
        {
            Name = name.Value,
            Origin = origin,
            Path = path,
            Command = command,
            Server = rule.Name,
            Port = rule.Port ?? 443,
            Header = header ?? (api == "anthropic" ? "x-api-key" : null),
            Api = api switch { "anthropic" => ModelApi.Anthropic, "openai" => ModelApi.OpenAi, _ => null },
            TokensADay = tokens is null ? null : int.Parse(tokens, CultureInfo.InvariantCulture),
            Private = YamlValues.Text(map, MachinefileKeys.SecretPrivate) == "true",
        };
    }

    private (SecretOrigin Origin, string? Path, IReadOnlyList<string> Command) Origin(YamlNode from)
    {
        if (from is not YamlMap map)
        {
            return (((YamlScalar)from).Value == "env" ? SecretOrigin.Environment : SecretOrigin.GitCredential, null, []);
        }

        if (map.Find(MachinefileKeys.SecretFile.Name) is YamlScalar file)
        {
            var path = HostPath.Resolve(file, project, host, problems) ?? "";
            RequireOutside(path, file, "a file of the project is in the machine already");
            return (SecretOrigin.File, path, []);
        }

        var list = (YamlList)map.Find(MachinefileKeys.SecretCommand.Name)!;
        var words = YamlValues.Texts(map, MachinefileKeys.SecretCommand)!;
        if (words.Count == 0)
        {
            problems.Add(list, "secrets: a command without a program", "for example command: [pass, show, corp/api]");
        }
        else if (!words[0].All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '-'))
        {
            // What runs on this host is never the project's, under no spelling of a path.
            problems.Add(list.Items[0], $"secrets: {Printable.Quote(words[0])} is no program's name", "name a program that is found in your PATH, without a folder");
        }
        else if (words.FindIndex(NamesProject) is > 0 and var place)
        {
            // What lies there is another with the next commit, and no yes is for that.
            problems.Add(list.Items[place], $"secrets: {Printable.Quote(words[place])} names the project", "let the program be one of your own, outside of it");
        }

        return (SecretOrigin.Command, null, words);
    }

    private bool NamesProject(string word) =>
        word.Contains(project.Path, StringComparison.Ordinal) || word.Split('=', ':', ',').Any(part => part.Contains('/', StringComparison.Ordinal) && IsInside(part));

    // The program runs outside of the project, where a relative path is another one; who writes one that is there means the project's.
    private bool IsInside(string path)
    {
        try
        {
            if (!Path.IsPathRooted(path) && path[0] != '~' && !Path.Exists(Path.Combine(project.Path, path)))
            {
                return false;
            }

            var real = ProjectRoot.RealPath(Path.Combine(project.Path, path.StartsWith("~/", StringComparison.Ordinal) ? host.Home + path[1..] : path));
            return real == project.Path || real.StartsWith(Path.TrimEndingDirectorySeparator(project.Path) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return true;
        }
    }

    private void RequireOutside(string path, YamlScalar at, string why)
    {
        if (path.StartsWith(Path.TrimEndingDirectorySeparator(project.Path) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            problems.Add(at, $"secrets: {Printable.Quote(at.Value)} lies in the project", why);
        }
    }
}
