using System.Diagnostics;
using Machine.Tool.Hosting;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>The socket folder of a victim without an XDG_RUNTIME_DIR: its name can be foretold, and everybody may make folders beside it.</summary>
internal sealed class PlantedRuntime : IDisposable
{
    private readonly string stage = Directory.CreateTempSubdirectory("machine-planted-").FullName;
    private readonly List<Process> listeners = [];

    public PlantedRuntime()
    {
        Stranger.Require();
        File.SetUnixFileMode(stage, (UnixFileMode)0x1FF);
        // What the attacker could not write down would look as if nothing had been caught.
        Stranger.Run("echo here >$1", Loot);
        Caught.ShouldBe("here\n");
        File.Delete(Loot);
        Tool.Write("project/Machinefile", "");
        Project = new ProjectRoot(ProjectRoot.RealPath(Tool.Project));
        Outer = $"/tmp/machine-{ShortHash.Of($"{Environment.UserName}\n{Path.GetFullPath(Tool.Home)}")}";
        Inner = Path.Combine(Outer, Project.MachineId.Short);
    }

    public ToolProcess Tool { get; } = new();

    public ProjectRoot Project { get; }

    /// <summary>Of all machines of this home.</summary>
    public string Outer { get; }

    /// <summary>Of this project's machine.</summary>
    public string Inner { get; }

    public string Loot => Path.Combine(stage, "loot");

    public string Stage(string name) => Path.Combine(stage, name);

    /// <summary>Who came to the attacker's sockets, and what was said there.</summary>
    public string Caught => File.Exists(Loot) ? File.ReadAllText(Loot) : "";

    /// <summary>The attacker listens where a supervisor and the shared ssh connection would.</summary>
    public void Listen(string folder) => listeners.Add(Stranger.Listen(Loot, Path.Combine(folder, "api"), Path.Combine(folder, "ssh")));

    /// <summary>One way to plant it.</summary>
    public void Plant(string way)
    {
        switch (way)
        {
            case "a folder":
                Stranger.Run("mkdir -p -m 0755 $1; chmod 0755 ${1%/*}", Inner);
                Listen(Inner);
                break;
            case "a folder of its own that only root can enter":
                Stranger.Run("mkdir -p $1; chmod 0700 ${1%/*} $1", Inner);
                Listen(Inner);
                break;
            case "a folder that everybody may use":
                Stranger.Run("mkdir -p $1; chmod 1777 ${1%/*}; chmod 0777 $1", Inner);
                Listen(Inner);
                break;
            case "a link to a folder of its own":
                Stranger.Run("mkdir -p $1/${2##*/}; chmod -R 0755 $1; ln -s $1 ${2%/*}", Stage("evil"), Inner);
                Listen(Path.Combine(Stage("evil"), Path.GetFileName(Inner)));
                break;
            case "a link to a folder of the victim":
                // Private and the victim's own: only that a stranger chose it is wrong.
                MachinePaths.CreatePrivate(Stage("mine"));
                Stranger.Run("ln -s $1 $2", Stage("mine"), Outer);
                break;
            case "a file":
                Stranger.Run("touch $1", Outer);
                break;
            case "a folder in the victim's own, which is open":
                Directory.CreateDirectory(Outer);
                File.SetUnixFileMode(Outer, (UnixFileMode)0x1FF);
                Stranger.Run("mkdir -m 0755 $1", Inner);
                Listen(Inner);
                break;
            case "sockets in the victim's own folder, which is open":
                MachinePaths.CreatePrivate(Inner);
                Open("0711", Outer);
                Open("0777", Inner);
                Listen(Inner);
                break;
            case "sockets in the victim's own folder, which a group may write":
                MachinePaths.CreatePrivate(Inner);
                Open("0711", Outer);
                Stranger.Root("chgrp", $"{Stranger.Id}", Inner);
                Open("0770", Inner);
                Listen(Inner);
                break;
            case "sockets in a folder that was open once":
                MachinePaths.CreatePrivate(Inner);
                Open("0777", Outer);
                Open("0777", Inner);
                Listen(Inner);
                Open("0700", Inner);
                break;
            case "the folder of a victim that was swapped":
                MachinePaths.CreatePrivate(Inner);
                Open("0777", Outer);
                Stranger.Run("mv $1 $1.away; mkdir -m 0755 $1", Inner);
                Listen(Inner);
                break;
            default:
                throw new ArgumentException(way);
        }
    }

    public void Dispose()
    {
        foreach (var listener in listeners)
        {
            listener.Kill(entireProcessTree: true);
            listener.WaitForExit();
            listener.Dispose();
        }

        foreach (var path in new[] { Outer, stage })
        {
            Stranger.Root("rm", "-rf", path);
        }

        Tool.Dispose();
    }

    private static void Open(string mode, string folder) => Stranger.Root("chmod", mode, folder);
}
