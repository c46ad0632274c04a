using System.Text.RegularExpressions;

namespace Machine.Tool.Tests.Rooms;

/// <summary>The floors of docs/architecture.md, against the compiled tool and its sources: an arrow that points up fails.</summary>
public sealed partial class RoomTests
{
    /// <summary>The table of docs/architecture.md: each room and what it may use.</summary>
    private static readonly Dictionary<string, string[]> MayUse = File.ReadLines(Path.Combine(RepositoryRoot(), "docs", "architecture.md"))
        .Select(line => Row().Match(line)).Where(row => row.Success)
        .ToDictionary(row => row.Groups[1].Value, row => row.Groups[2].Value.Split(", ", StringSplitOptions.TrimEntries).Where(room => room != "–").ToArray());

    private static readonly Lazy<IReadOnlyList<AssemblyArrows.Arrow>> Arrows = new(AssemblyArrows.OfTheTool);

    private static string Source => Path.Combine(RepositoryRoot(), "src", "Machine.Tool");

    public static TheoryData<string> Rooms => [.. MayUse.Keys];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_rooms_below_it(string room)
    {
        var compiled = Arrows.Value
            .Where(arrow => RoomOf(arrow.From) == room && RoomOf(arrow.To) is { } to && to != room && !MayUse[room].Contains(to))
            .Select(arrow => $"{arrow.Member} uses {RoomOf(arrow.To)}.{arrow.Used}");
        var written = Written(room).Where(arrow => arrow.Room != room && MayUse.ContainsKey(arrow.Room) && !MayUse[room].Contains(arrow.Room))
            .Select(arrow => $"{arrow.File} names {arrow.Room}");

        compiled.Concat(written).ShouldBeEmpty();
    }

    [Fact]
    public void Each_allowance_is_used_and_none_makes_a_circle()
    {
        var used = Arrows.Value.Select(arrow => (From: RoomOf(arrow.From), To: RoomOf(arrow.To)))
            .Concat(MayUse.Keys.SelectMany(room => Written(room).Select(arrow => (From: (string?)room, To: (string?)arrow.Room)))).ToHashSet();
        MayUse.SelectMany(room => room.Value.Where(to => !used.Contains((room.Key, to))).Select(to => $"{room.Key} uses nothing of {to}")).ShouldBeEmpty();
        Circle(MayUse.ToDictionary(room => room.Key, room => room.Value.ToHashSet())).ShouldBeNull();
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void The_folders_of_a_room_make_no_circle(string room)
    {
        var inside = Arrows.Value.Where(arrow => RoomOf(arrow.From) == room && RoomOf(arrow.To) == room)
            .GroupBy(arrow => arrow.From).ToDictionary(from => from.Key, from => from.Select(arrow => arrow.To).ToHashSet());

        Circle(inside).ShouldBeNull();
    }

    [Fact]
    public void What_the_assembly_is_asked_is_answered()
    {
        // An inherited interface, a signature, an instruction, one within a compiler's own type: each is an arrow.
        string[] known = ["Machine.Tool.Packages -> Machine.Tool.Hosting", "Machine.Tool.Engines.Qemu -> Machine.Tool.Engines", "Machine.Tool.Commands.Diagnosis -> Machine.Tool.Engines", "Machine.Tool -> Machine.Tool.Commands"];
        known.ShouldBeSubsetOf(Arrows.Value.Select(arrow => $"{arrow.From} -> {arrow.To}"));
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

    // The kernel calls the device so in which a machine finds its identity, whatever emulates it.
    [Fact]
    public void No_script_knows_the_emulator_but_the_name_of_its_device()
    {
        var scripts = Directory.EnumerateFiles(Source, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".pl" or ".sh" or ".service" && !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .ToList();

        scripts.Count.ShouldBeGreaterThan(10);
        scripts.SelectMany(file => File.ReadLines(file).Where(line => !line.StartsWith('#')).Select(line => $"{Path.GetFileName(file)}: {line}"))
            .Where(line => line.Replace("qemu_fw_cfg", "", StringComparison.Ordinal).Contains("qemu", StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
    }

    // What leaves no trace in the assembly: constants, names.
    private static IEnumerable<(string File, string Room)> Written(string room) =>
        Files(Path.Combine(Source, room)).SelectMany(file => NameOfRoom().Matches(CodeOf(file)).Select(match => (Path.GetFileName(file), match.Groups[1].Value)));

    private static string? RoomOf(string space) => space.Split('.') is ["Machine", "Tool", var room, ..] ? room : null;

    // Null where there is none; else a way round.
    private static string? Circle(Dictionary<string, HashSet<string>> arrows)
    {
        var done = new HashSet<string>();
        return arrows.Keys.Select(start => Walk(start, [])).FirstOrDefault(circle => circle is not null);

        string? Walk(string at, List<string> way)
        {
            if (way.Contains(at))
            {
                return string.Join(" -> ", way.SkipWhile(step => step != at).Append(at));
            }

            if (done.Contains(at) || !arrows.TryGetValue(at, out var next))
            {
                return null;
            }

            var circle = next.Select(to => Walk(to, [.. way, at])).FirstOrDefault(found => found is not null);
            done.Add(at);
            return circle;
        }
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

    [GeneratedRegex(@"^\| `(\w+)/` \|.*\| ([\w, –]+) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"\bConsole\.(Out|Error|Write|WriteLine)\b")]
    private static partial Regex ConsoleWrite();
}
