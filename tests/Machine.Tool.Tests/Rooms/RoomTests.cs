using System.Text.RegularExpressions;

namespace Machine.Tool.Tests.Rooms;

/// <summary>The floors of docs/architecture.md, read from the sources: an arrow that points up fails.</summary>
public sealed partial class RoomTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Machinefiles"] = ["Hosting", "Guest"],
        ["Guest"] = [],
        ["Hosting"] = [],
        ["Engines"] = ["Guest", "Machinefiles", "Hosting"],
        ["Workspaces"] = ["Guest", "Machinefiles", "Hosting"],
        ["Network"] = ["Guest", "Machinefiles", "Hosting"],
        ["Packages"] = ["Guest", "Machinefiles", "Hosting"],
        ["Images"] = ["Engines", "Guest", "Machinefiles", "Hosting"],
        ["Enclosure"] = ["Images", "Guest", "Machinefiles", "Hosting"],
        ["Supervision"] = ["Engines", "Images", "Network", "Packages", "Workspaces", "Guest", "Machinefiles", "Hosting"],
        ["Commands"] = ["Machinefiles", "Supervision", "Enclosure", "Images", "Engines", "Workspaces", "Guest", "Hosting"],
    };

    private static string Source => Path.Combine(RepositoryRoot(), "src", "Machine.Tool");

    public static TheoryData<string> Rooms => [.. MayUse.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_rooms_below_it(string room)
    {
        var folder = Path.Combine(Source, room);
        var arrows = Files(folder)
            .SelectMany(file => NameOfRoom().Matches(File.ReadAllText(file)).Select(match => (File: Path.GetFileName(file), Room: match.Groups[1].Value)))
            .Where(arrow => arrow.Room != room && MayUse.ContainsKey(arrow.Room) && !MayUse[room].Contains(arrow.Room))
            .Select(arrow => $"{arrow.File} uses {arrow.Room}");

        arrows.ShouldBeEmpty();
    }

    [Fact]
    public void Every_folder_of_the_tool_is_a_known_room() =>
        Directory.GetDirectories(Source).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj"))
            .ShouldBeSubsetOf(MayUse.Keys);

    [Fact]
    public void No_room_below_commands_writes_to_the_console()
    {
        var writers = MayUse.Keys.Where(room => room != "Commands")
            .SelectMany(room => Files(Path.Combine(Source, room)))
            .Where(file => ConsoleWrite().IsMatch(File.ReadAllText(file)));

        writers.ShouldBeEmpty();
    }

    [Fact]
    public void Only_the_engine_itself_knows_its_emulator()
    {
        var others = Files(Source)
            .Where(file => !file.Contains(Path.Combine("Engines", "Qemu"), StringComparison.Ordinal)
                && Path.GetFileName(file) is not "EngineCatalog.cs")
            .Where(file => CodeOf(file).Contains("qemu", StringComparison.OrdinalIgnoreCase));

        others.ShouldBeEmpty();
    }

    // The network is as fast for a slow host; what runs on it is not.
    [Fact]
    public void Every_limit_of_waiting_for_a_program_or_a_guest_comes_from_one_place()
    {
        var own = Files(Source)
            .Where(file => !file.Contains(Path.Combine(Source, "Packages"), StringComparison.Ordinal) && Path.GetFileName(file) is not ("TimeLimit.cs" or "CloudDisk.cs"))
            .SelectMany(file => File.ReadLines(file).Where(line => OwnTime().IsMatch(line) && !NoLimitOfWaiting().IsMatch(line)).Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"));

        own.ShouldBeEmpty("TimeLimit has the factor of MACHINE_PATIENCE");
    }

    [Fact]
    public void No_file_of_the_repository_names_a_public_registry()
    {
        // Put together here, so that this file does not name them either.
        string[] hosts = ["nuget" + ".org", "npmjs" + ".org", "npmjs" + ".com", "deb.debian" + ".org", "ubuntu" + ".com", "nodesource" + ".com"];
        var namers = Directory.EnumerateFiles(RepositoryRoot(), "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/.git/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .Where(file => Path.GetExtension(file) is ".cs" or ".md" or ".sh" or ".json" or ".xml" or ".props" or ".targets" or ".csproj" or ".config" or ".yaml" or ".yml" or ".pl" or "" or ".service")
            .SelectMany(file => hosts.Where(host => File.ReadAllText(file).Contains(host, StringComparison.OrdinalIgnoreCase)).Select(host => $"{file}: {host}"));

        namers.ShouldBeEmpty();
    }

    [GeneratedRegex(@"TimeSpan\.From(Seconds|Minutes)\(")]
    private static partial Regex OwnTime();

    // How often something is looked at, bounds of regular expressions and of rates, the network, and what users write.
    [GeneratedRegex(@"TimeSpan (\w*Interval|Step|Every|Idle|Longest|ClockSlack) =|Regex|'[sm]' =>|LeastBytesPerSecond")]
    private static partial Regex NoLimitOfWaiting();

    // Comments may tell where a trick comes from.
    private static string CodeOf(string file) =>
        string.Join('\n', File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            : [];

    private static string RepositoryRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Machine.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }

    [GeneratedRegex(@"\bMachine\.Tool\.(\w+)")]
    private static partial Regex NameOfRoom();

    [GeneratedRegex(@"\bConsole\.(Out|Error|Write|WriteLine)\b")]
    private static partial Regex ConsoleWrite();
}
