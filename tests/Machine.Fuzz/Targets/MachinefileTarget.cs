using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Fuzz.Targets;

/// <summary>A repository wrote the Machinefile.</summary>
internal static class MachinefileTarget
{
    private const int MostRemembered = 100_000;
    private static readonly string Root = ProjectRoot.RealPath(Directory.CreateTempSubdirectory("machine-fuzz-").FullName);
    private static readonly ProjectRoot Project = MakeProject();
    private static readonly HostFacts Host = new(8, 64L << 30, Folder("home"), [Folder("state")]);
    private static readonly Dictionary<string, string> Plans = [];

    public static FuzzTarget Target { get; } = new(
        "machinefile", Run,
        "image: ", "debian/12", "debian/13", "path: ", "url: ", "https://h/d.qcow2", "sha256: ", new string('a', 64), "sdk: ", "global.json", "none", "cpus: ", "memory: ", "disk: ", "4GiB",
        "packages: [", "git=1:2", "tools: {npm: [", "dotnet: [", "@a/b@1", "env: {", "CI: 'true'", "HOME: ~", "ports: ['8080:80']", "shares: [{host: ", "guest: ", "/mnt/a", "write: true", "~/a", "../out",
        "volumes: {", "size: ", "packages: none", "workspace: {outputs: [", "**/bin/**", "changes: apply", "ask", "hold", "provision: [", "a.sh", "./a.sh", "b/c.sh", "idle: ", "5m", "never",
        ": ", "\n", "\n  ", "\n- ", "? ", "{", "}", "[", "]", ", ", "\"", "'", "\\u", "\\x", "&a ", "*a", "!t ", "---\n", "...\n", "%YAML 1.1\n", "|", ">-", "<<: ", "~", "\u202e", "\u00a0", "ﬁ", "K", "\r");

    private static void Run(byte[] input)
    {
        string text;
        Tool.Machinefiles.Machinefile file;
        MachinePlan plan;
        try
        {
            text = YamlText.Decode(input, Project.Machinefile);
            file = MachinefileReader.Read(text, Project, Host);
            plan = MachinePlan.From(file, Project);
        }
        catch (MachineException e)
        {
            Promise.IsPlain(e.Message, "the refusal", lines: true);
            return;
        }

        foreach (var share in file.Shares)
        {
            Promise.Holds(Path.GetFullPath(share.HostPath) == share.HostPath, "a share's folder is not absolute: " + share.HostPath);
            Promise.Holds(!Host.State.Any(state => IsAtOrAbove(share.HostPath, state) || IsAtOrAbove(state, share.HostPath)), "a share shows this tool's state");
            IsGuestPath(share.GuestPath);
        }

        foreach (var (_, volume) in file.Volumes)
        {
            IsGuestPath(volume.GuestPath);
        }

        foreach (var script in file.Provision)
        {
            Promise.Holds(Path.GetFullPath(Path.Combine(Project.Path, script.Path)).StartsWith(Project.Path + "/", StringComparison.Ordinal), "a script lies outside of the project: " + script.Path);
        }

        foreach (var item in plan.Items)
        {
            Promise.IsPlain(item.Text, "the plan");
            Promise.Holds(item.Widens == item.Identity.Count > 0 || !item.Widens, "what widens has no identity");
        }

        Promise.Holds(MachinePlan.From(MachinefileReader.Read(text, Project, Host), Project).Hash == plan.Hash, "read twice, it asks for something else");
        Tell(plan);
    }

    // Two files that ask for different things have different hashes; two things that are asked for read differently.
    private static void Tell(MachinePlan plan)
    {
        var widening = plan.Widening.ToList();
        foreach (var same in widening.GroupBy(item => item.Text, StringComparer.Ordinal))
        {
            Promise.Holds(same.Select(item => JsonSerializer.Serialize(item.Identity)).Distinct().Count() == 1, "two things are asked for in the same words: " + same.Key);
        }

        if (Plans.Count < MostRemembered)
        {
            var asked = string.Join('\n', widening.Select(item => JsonSerializer.Serialize(item.Identity)).Order(StringComparer.Ordinal));
            Promise.Holds(!Plans.TryGetValue(plan.Hash, out var other) || other == asked, "two different plans have one hash");
            Plans[plan.Hash] = asked;
        }
    }

    private static bool IsAtOrAbove(string folder, string path) =>
        path == folder || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + "/", StringComparison.Ordinal);

    private static void IsGuestPath(string path)
    {
        Promise.Holds(path.StartsWith('/') && Path.GetFullPath(path) == path.TrimEnd('/'), "a place in the guest climbs: " + path);
        Promise.IsPlain(path, "a place in the guest");
        Promise.Holds(!IsAtOrAbove(path, Project.Path) && !IsAtOrAbove(Project.Path, path), "a place in the guest covers the project: " + path);
    }

    private static ProjectRoot MakeProject()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Root, recursive: true);
        var project = Folder("project");
        foreach (var script in new[] { "a.sh", "b/c.sh" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(project, script))!);
            File.WriteAllText(Path.Combine(project, script), "echo " + script);
        }

        File.CreateSymbolicLink(Path.Combine(project, "link"), Folder("state"));
        Folder("out");
        Folder("home/a");
        return new ProjectRoot(project);
    }

    private static string Folder(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
}
