using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Host;

/// <summary>
/// For hosts without calls relative to an open folder (Windows): every name on the way is checked to be no reparse
/// point before each use. The guest can't create one on the host, so nothing races with the check but the user.
/// </summary>
internal sealed class PortableHostTree(string root) : HostTree(root)
{
    private const int DiskFullOnUnix = 28;
    private const int DiskFullOnWindows = unchecked((int)0x80070070);

    public override HostStat Stat(ProjectPath path) => IsBlocked(path.Folder) ? HostStat.Blocked : StatOf(Full(path));

    public override string? ReadLink(ProjectPath path) => IsBlocked(path.Folder) ? null : new FileInfo(Full(path)).LinkTarget;

    public override Stream OpenRead(ProjectPath path) => Stat(path).Kind == HostKind.File
        ? new FileStream(Full(path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)
        : throw new HostRefusalException("it is not a file on the host");

    public override async Task WriteFileAsync(ProjectPath path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write)
    {
        var temporary = Prepare(path);
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                await write(stream);
                // By the open file: its name may be a link by now.
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, (UnixFileMode)((executable ? 0x1EDu : 0x1A4u) & ~UnixCalls.Umask));
                }

                Finish(stream, durable);
                File.SetLastWriteTimeUtc(stream.SafeFileHandle, modified.UtcDateTime);
            }

            Rename(temporary, path);
        }
        catch (IOException e) when (e.HResult == DiskFullOnWindows || e.HResult == DiskFullOnUnix)
        {
            throw DiskFull(path, e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public override void WriteLink(ProjectPath path, string target)
    {
        var temporary = Prepare(path);
        try
        {
            File.CreateSymbolicLink(temporary, target.Replace('/', Path.DirectorySeparatorChar));
            Rename(temporary, path);
        }
        catch (IOException e)
        {
            throw new HostRefusalException($"the host refuses the link: {e.Message}");
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public override void DeleteFile(ProjectPath path)
    {
        switch (Stat(path).Kind)
        {
            case HostKind.Missing:
                return;
            case HostKind.File or HostKind.Link:
                Try(() => File.Delete(Full(path)));
                return;
            default:
                throw new HostRefusalException("it is not a file on the host");
        }
    }

    public override bool TryDeleteFolder(ProjectPath path)
    {
        if (Stat(path).Kind != HostKind.Folder)
        {
            return false;
        }

        try
        {
            Directory.Delete(Full(path), recursive: false);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string Full(ProjectPath path) => Path.Combine([Root, .. path.Text.Split('/')]);

    private bool IsBlocked(ProjectPath? folder)
    {
        foreach (var path in folder?.Way ?? [])
        {
            if (StatOf(Full(path)).Kind is not HostKind.Folder and not HostKind.Missing)
            {
                return true;
            }
        }

        return false;
    }

    private static HostStat StatOf(string full)
    {
        var file = new FileInfo(full);
        if (!file.Exists && file.Attributes == (FileAttributes)(-1))
        {
            return HostStat.Missing;
        }

        var kind = file.Attributes.HasFlag(FileAttributes.ReparsePoint) ? HostKind.Link
            : file.Attributes.HasFlag(FileAttributes.Directory) ? HostKind.Folder
            : file.Attributes.HasFlag(FileAttributes.Device) ? HostKind.Other
            : HostKind.File;
        // Windows' change time has no API here; the later of the two that have one stands for it.
        var modified = Nanoseconds(file.LastWriteTimeUtc);
        var changed = Math.Max(modified, Nanoseconds(file.CreationTimeUtc));
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        var executable = kind == HostKind.File && !OperatingSystem.IsWindows() && (file.UnixFileMode & Execute) != UnixFileMode.None;
        return new HostStat(kind, kind == HostKind.File ? file.Length : 0, modified, changed, executable);
    }

    private static long Nanoseconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks * 100;

    private string Prepare(ProjectPath path)
    {
        var folder = path.Folder;
        if (IsBlocked(folder))
        {
            throw new HostRefusalException("a link or a file of the host's is in the way");
        }

        var full = folder is null ? Root : Full(folder);
        Try(() => Directory.CreateDirectory(full));
        var temporary = Path.Combine(full, ProjectPath.TemporaryName);
        Try(() => File.Delete(temporary));
        return temporary;
    }

    private void Rename(string temporary, ProjectPath path)
    {
        if (Stat(path).Kind is HostKind.Folder)
        {
            throw new HostRefusalException("the host has a folder of that name");
        }

        Try(() => File.Move(temporary, Full(path), overwrite: true));
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && e.HResult is not DiskFullOnWindows and not DiskFullOnUnix))
        {
            throw new HostRefusalException($"the host refuses: {e.Message}");
        }
    }
}
