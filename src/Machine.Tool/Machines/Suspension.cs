using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>A machine that was suspended: the folder <c>suspended</c> of its state, in which the engine froze it.</summary>
internal static class Suspension
{
    private const string Rubbish = ".forgotten-";

    public static string Folder(string state) => Path.Combine(state, "suspended");

    /// <summary>True also where what was suspended is broken: nobody touches its volumes before that was found out.</summary>
    public static bool IsThere(string state) => Directory.Exists(Folder(state));

    /// <summary>Forgets its memory and with it what ran in it; volumes stay.</summary>
    /// <returns>False when there was none.</returns>
    public static bool Forget(string state)
    {
        // Of a deletion that was cut off: a whole memory.
        foreach (var left in Directory.Exists(state) ? Directory.GetDirectories(state, Rubbish + "*") : [])
        {
            Directory.Delete(left, recursive: true);
        }

        return AtomicDelete.Folder(Folder(state), Rubbish);
    }
}
