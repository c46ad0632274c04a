using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>A frozen machine's files in their folder: the devices' state (and its own memory), and what it was built like.</summary>
internal sealed record FrozenState(int Version, long StateBytes, QemuBuild Build)
{
    public const int CurrentVersion = 1;

    public static string StateFile(string folder) => Path.Combine(folder, "state");

    /// <summary>Written last: without it nothing was frozen.</summary>
    public static string Description(string folder) => Path.Combine(folder, "frozen.json");

    public static bool IsWhole(string folder) => File.Exists(Description(folder));

    /// <exception cref="CannotThawException">It is missing, cut off, of another QEMU, or of a machine that was built differently.</exception>
    public static FrozenState Require(MachineSpec spec, string program)
    {
        var folder = spec.Thaw!.Folder;
        var frozen = Read(folder) ?? throw new CannotThawException("the frozen state is missing or broken");
        var length = new FileInfo(StateFile(folder)) is { Exists: true } file ? file.Length : -1;
        var build = frozen.Build;
        return length != frozen.StateBytes ? throw new CannotThawException($"the frozen state has {length} bytes instead of {frozen.StateBytes}")
            : build.Program != program ? throw new CannotThawException($"it was frozen by {build.Program}, and this is {program}")
            : build.Slots != spec.Slots || build.MemoryIsFile != (spec.Thaw.MemoryFile is not null) ? throw new CannotThawException("it was frozen with other devices")
            : !build.MemoryIsFile && !build.VolumeSerials.SequenceEqual(spec.Volumes.Select(volume => volume.Serial)) ? throw new CannotThawException("its volumes have changed")
            : frozen;
    }

    public void Write(string folder) => JsonState.Write(Description(folder), this);

    private static FrozenState? Read(string folder)
    {
        try
        {
            return JsonState.Read<FrozenState>(Description(folder)) is { Version: CurrentVersion } frozen ? frozen : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
