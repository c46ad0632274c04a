using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>What the next supervisor needs to find a machine again. Written before QEMU starts, and once more when it runs.</summary>
internal sealed record QemuState
{
    public required Guid Uuid { get; init; }

    /// <summary>Null while it is being started: whoever finds it so finds an unfinished start.</summary>
    public HostProcess? Process { get; init; }

    public required int SshPort { get; init; }

    public required string Accelerator { get; init; }

    public required bool RootIsEphemeral { get; init; }

    public required QemuBuild Build { get; init; }

    /// <summary>The folder of a freeze that was begun.</summary>
    public string? FreezingInto { get; init; }

    /// <summary>The folder of a thaw that is not known to have ended: the machine may stand still before its first step.</summary>
    public string? ThawingFrom { get; init; }

    /// <summary>Of the guest; 0 where an older supervisor wrote this.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Null where nothing was started, or a file of another version lies: then there is nothing to adopt.</summary>
    public static QemuState? Read(QemuPlaces places)
    {
        try
        {
            return JsonState.Read<QemuState>(places.State);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(QemuPlaces places) => JsonState.Write(places.State, this);
}

/// <summary>What a machine was put together from, as far as its frozen state depends on it.</summary>
/// <param name="Program">QEMU that runs it, with its version: no other reads its state. The installed one may be newer by now.</param>
/// <param name="ShareTags">Of its shares, in the order of their ports.</param>
/// <param name="VolumeSerials">Of its volumes, in the order of their ports.</param>
/// <param name="MemoryIsFile">Its memory lies in a file that is frozen with it.</param>
internal sealed record QemuBuild(string Program, int Slots, bool Balloon, bool MemoryIsFile, IReadOnlyList<string> ShareTags, IReadOnlyList<string> VolumeSerials);

/// <summary>Where one machine's files lie: what lasts in its folder, sockets in the short one.</summary>
internal sealed record QemuPlaces(string Folder, string RuntimeFolder)
{
    // sun_path holds 108 bytes on Linux, 104 on macOS, the closing zero included.
    private const int LongestSocketPath = 103;

    public string State => Path.Combine(Folder, "qemu.json");

    public string PidFile => Path.Combine(Sockets, "qemu.pid");

    public string EphemeralRoot => Path.Combine(Folder, "root.qcow2");

    public string Logs => Path.Combine(Folder, "logs");

    public string Log => Path.Combine(Logs, "qemu.log");

    public string Console => Path.Combine(Logs, "console.log");

    /// <summary>
    /// The one folder that QEMU makes files in: beside the supervisor's own sockets it could put one of its own in their place.
    /// </summary>
    public string Sockets => Path.Combine(RuntimeFolder, "vm");

    public string QmpSocket => Socket("qmp.sock");

    public string ConsoleSocket => Socket("console.sock");

    /// <summary>Carries a machine's state while it is frozen or thawed.</summary>
    public string StateSocket => Socket("state.sock");

    /// <summary>Removes what says that a machine runs here.</summary>
    public void Forget()
    {
        try
        {
            // Whatever it holds: QEMU alone made it.
            Directory.Delete(Sockets, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // As gone as can be.
        }

        Delete(State);
    }

    public static void Delete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (DirectoryNotFoundException)
        {
            // As gone as can be.
        }
    }

    private string Socket(string name)
    {
        var path = Path.Combine(Sockets, name);
        return System.Text.Encoding.UTF8.GetByteCount(path) <= LongestSocketPath
            ? path
            : throw new MachineException(
                $"the socket's path is longer than a socket's path can be: {path}", "set XDG_RUNTIME_DIR to a short folder", ExitCode.MachineUnavailable);
    }
}
