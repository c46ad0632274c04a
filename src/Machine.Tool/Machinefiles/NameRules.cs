using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Machinefiles;

/// <summary>Names that end up in command lines, file names or labels: what they may be made of.</summary>
internal static class NameRules
{
    /// <summary>A Debian package: policy §5.6.1, with an architecture or version as apt takes them.</summary>
    public static readonly TextShape Package = new(
        "a package of the distribution",
        "^[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]+)?(=[0-9][A-Za-z0-9.+~:-]*)?$",
        "postgresql-client",
        text => NoOption(text) ?? (text.EndsWith('-') ? new Flaw($"{Printable.Quote(text)} ends with a '-', which tells apt to remove it", "write the package's name") : null));

    /// <summary>An npm package by name, with an exact version, a range or a tag; no URL, no folder, no git address.</summary>
    public static readonly TextShape Npm = new(
        "an npm package",
        "^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(@[0-9A-Za-z^~][0-9A-Za-z.+_-]*)?$",
        "typescript@5.9.2",
        NoOption);

    public static readonly TextShape DotnetTool = new(
        "a dotnet tool",
        "^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[0-9]+(\\.[0-9]+){1,3}(-[0-9A-Za-z.-]+)?)?$",
        "dotnet-ef@10.0.0",
        NoOption);

    /// <summary>A variable's name as every shell reads it.</summary>
    public static readonly TextShape Variable = new(
        "a variable's name",
        "^(?!MACHINE_)[A-Za-z_][A-Za-z0-9_]{0,254}$",
        "ASPNETCORE_ENVIRONMENT",
        text => text.StartsWith("MACHINE_", StringComparison.Ordinal)
            ? new Flaw($"{Printable.Quote(text)}: names that begin with MACHINE_ are this tool's own", "use another name")
            : null);

    /// <summary>At most 16 characters: it becomes a file system label (ext4) and part of a disk's serial number.</summary>
    public static readonly TextShape Volume = new(
        "a volume's name (lower-case letters, digits and '-', at most 16)",
        "^(?!workspace$)[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$",
        "db",
        text => text == "workspace" ? new Flaw("'workspace' is the built-in volume of what the guest changed", "use another name") : null);

    /// <summary>A volume that exists: a declared one, or the tool's own.</summary>
    public static readonly TextShape ExistingVolume = new("a volume's name", "^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$", "db");

    /// <summary>It becomes a label of a name inside, in small letters and with '-' for '_'.</summary>
    public static readonly TextShape Secret = new(
        "a secret's name (capital letters, digits and '_', at most 40)",
        "^[A-Z]([A-Z0-9_]{0,38}[A-Z0-9])?$",
        "STRIPE");

    /// <summary>One server of the internet, with a port or without.</summary>
    public static readonly TextShape OneServer = new(
        "a server's name",
        "^[^\\s:/*]+(:[0-9]{1,5})?$",
        "api.example.com",
        text => text.Contains('*', StringComparison.Ordinal) ? new Flaw($"{Printable.Quote(text)} is many servers", "a secret is for one: write its name")
            : NetworkRule.Parse(text).Flaw is { } flaw ? new Flaw(flaw.What, flaw.Remedy) : null);

    /// <summary>A rule of the network, one of repositories, or a preset's name.</summary>
    public static readonly TextShape Server = new(
        "a server's name",
        "^((\\*\\.)?[^\\s:/*]+(:[0-9]{1,5}(/(tls|http|tcp))?)?|git(\\+push)?:[^\\s:/*]+(:[0-9]{1,5})?(/[^\\s/]+)+)$",
        "api.example.com",
        CheckServer);

    /// <summary>Packages in a rule of <c>restore</c>.</summary>
    public static readonly TextShape PackagePattern = new(
        "a package's name",
        Restore.PackagePattern.Form,
        "Company.*, npm:@company/* or pypi:company-*",
        text => text.Length > Restore.PackagePattern.MaximumLength ? new Flaw($"{Printable.Quote(text)} is longer than {Restore.PackagePattern.MaximumLength} characters", "write the package's name")
            : text.StartsWith('@') ? new Flaw($"{Printable.Quote(text)} is no id of NuGet's", $"for npm write npm:{text}")
            : null);

    /// <returns>What is wrong with a rule of the network, or a preset's name.</returns>
    public static Flaw? CheckServer(string text) =>
        GitRule.IsOne(text) ? GitRule.Parse(text).Flaw is { } wrong ? new Flaw(wrong.What, wrong.Remedy) : null
        : NetworkPresets.Find(text) is not null || NetworkPresets.IsService(text) ? null
        : text == "nuget" ? new Flaw("\"nuget\" needs no rule: packages of NuGet come through the feed always", "leave it out: dotnet machine docs packages")
        : text == "docker" ? new Flaw("\"docker\" is no preset: images come from whichever registry you use", "name its server; dotnet machine network learn -- docker pull IMAGE finds what is asked for")
        : !text.Contains('.', StringComparison.Ordinal) && text.All(char.IsAsciiLetter)
            ? new Flaw($"{Printable.Quote(text)} is no preset", $"{(NearestWord.Of(text, NetworkPresets.Names) is { } near ? $"{near}? " : "")}presets are {string.Join(", ", NetworkPresets.Names)}; or write a server's name")
        : NetworkRule.Parse(text).Flaw is { } flaw ? new Flaw(flaw.What, flaw.Remedy) : null;

    private static Flaw? NoOption(string text) =>
        text.StartsWith('-') ? new Flaw($"{Printable.Quote(text)} would be an option of a command line, not a name", "write the package's name")
        : text.Length > 200 ? new Flaw($"{Printable.Quote(text)} is longer than 200 characters", "write the package's name")
        : null;
}
