using System.CommandLine;
using System.Text;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>The dotnet verbs that run inside with their arguments untouched.</summary>
internal static class SdkVerbs
{
    public static IReadOnlyList<(string Name, string Description)> All { get; } =
    [
        ("restore", "dotnet restore, inside"),
        ("build", "dotnet build, inside"),
        ("test", "dotnet test, inside"),
        ("run", "dotnet run, inside"),
        ("publish", "dotnet publish, inside"),
        ("pack", "dotnet pack, inside"),
        ("clean", "dotnet clean, inside"),
        ("format", "dotnet format, inside"),
        ("watch", "dotnet watch, inside"),
    ];

    public static (string Name, string Description)? Find(string verb)
    {
        foreach (var known in All)
        {
            if (known.Name == verb)
            {
                return known;
            }
        }

        return null;
    }

    /// <summary>For help and completions; what is written after these verbs is never parsed here.</summary>
    public static IEnumerable<Command> Create() =>
    [
        .. All.Select(verb => Described(verb.Name, verb.Description)),
        Described("dotnet", "Any dotnet verb, inside: dotnet machine dotnet VERB …"),
    ];

    public static int Run(string? verb, string[] args)
    {
        if (verb is null && HostSdkCommand.Takes(args))
        {
            return HostSdkCommand.Run(args);
        }

        List<byte[]> arguments = ["dotnet"u8.ToArray()];
        if (verb is not null)
        {
            arguments.Add(Encoding.UTF8.GetBytes(verb));
        }

        arguments.AddRange(RawArguments.Last(args, args.Length));
        return GuestVerb.Run(arguments, new Dictionary<string, string?>());
    }

    private static Verb Described(string name, string description) => new(name, description)
    {
        PassesThrough = true,
        Arguments = { CommonOptions.HandedOn() },
    };
}
