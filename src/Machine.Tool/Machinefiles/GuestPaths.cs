using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Where a share or volume may be mounted in the guest without breaking its system.</summary>
internal static class GuestPaths
{
    // Nothing may be mounted on these or below them.
    private static readonly string[] Closed =
    [
        "/machine", "/proc", "/sys", "/dev", "/run", "/boot", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/lost+found",
    ];

    // Below these is fine; on them, the system's own files would vanish.
    private static readonly string[] Taken = ["/var", "/var/lib", "/var/log", "/var/cache", "/var/tmp", "/var/run", "/home", "/root", "/tmp"];

    private static readonly string[] Open = ["/usr/local", "/usr/src"];

    public static Flaw? Check(string path)
    {
        if (path == "/")
        {
            return new Flaw("`/` is the guest's own root", "choose a folder of its own, for example /data");
        }

        if (path.Length > 255)
        {
            return new Flaw("the path is longer than 255 characters", "use a shorter one");
        }

        if (path.Any(char.IsControl))
        {
            return new Flaw($"{Printable.Quote(path)} holds a tab or another control character", "choose a folder of its own, for example /data");
        }

        if (path[1..].Split('/').Any(segment => segment is "" or "." or ".."))
        {
            return new Flaw($"{Printable.Quote(path)} is not a clean path", "no // , no /./ , no /../ and no / at the end");
        }

        var system = Taken.FirstOrDefault(folder => folder == path)
            ?? Closed.FirstOrDefault(folder => Within(path, folder) && !Open.Any(open => Within(path, open) && path != open))
            ?? (Within(path, "/var/run") ? "/var/run" : null)
            ?? (path.StartsWith("/home/", StringComparison.Ordinal) && path.LastIndexOf('/') == 5 ? path : null);
        return system is null
            ? null
            : new Flaw($"{Printable.Quote(path)} would hide a part of the guest's system", "choose a folder of its own, for example /data");
    }

    /// <summary>Same or below.</summary>
    public static bool Within(string path, string folder) =>
        path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
}
