using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>A frozen machine's files in their folder: the devices' state, its own memory, and what it was built like.</summary>
/// <param name="Version">1: the memory is in the state, or a template's. 2: it is in <see cref="MemoryFile"/>; an earlier tool would not look for it.</param>
internal sealed record FrozenState(int Version, long StateBytes, QemuBuild Build)
{
    public const int MemoryWithin = 1;
    public const int MemoryApart = 2;

    public static string StateFile(string folder) => Path.Combine(folder, "state");

    /// <summary>Of the guest, each page at its place; sparse.</summary>
    public static string MemoryFile(string folder) => Path.Combine(folder, "memory");

    /// <summary>Written last: without it nothing was frozen.</summary>
    public static string Description(string folder) => Path.Combine(folder, "frozen.json");

    public static bool IsWhole(string folder) => File.Exists(Description(folder));

    /// <exception cref="CannotThawException">It is missing, cut off, of another QEMU, or of a machine that was built differently.</exception>
    public static FrozenState Require(MachineSpec spec, string program)
    {
        var folder = spec.Thaw!.Folder;
        var frozen = Read(folder) ?? throw new CannotThawException("the frozen state is missing or broken");
        var length = LengthOf(StateFile(folder));
        var build = frozen.Build;
        return length != frozen.StateBytes ? throw new CannotThawException($"the frozen state has {length} bytes instead of {frozen.StateBytes}")
            : frozen.Version == MemoryApart && LengthOf(MemoryFile(folder)) != spec.MemoryBytes ? throw new CannotThawException("its memory is missing or cut off")
            : build.Program != program ? throw new CannotThawException($"it was frozen by {build.Program}, and this is {program}")
            : build.Slots != spec.Slots || build.MemoryIsFile != (spec.Thaw.MemoryFile is not null) ? throw new CannotThawException("it was frozen with other devices")
            : !build.MemoryIsFile && !build.VolumeSerials.SequenceEqual(spec.Volumes.Select(volume => volume.Serial)) ? throw new CannotThawException("its volumes have changed")
            : frozen;
    }

    /// <summary>Deletes all of it, what says that it is whole first.</summary>
    public static void Delete(string folder)
    {
        QemuPlaces.Delete(Description(folder));
        QemuPlaces.Delete(StateFile(folder));
        QemuPlaces.Delete(MemoryFile(folder));
    }

    public void Write(string folder) => JsonState.Write(Description(folder), this);

    private static FrozenState? Read(string folder)
    {
        try
        {
            return JsonState.Read<FrozenState>(Description(folder)) is { Version: MemoryWithin or MemoryApart } frozen ? frozen : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : -1;
}
