using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Paths;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Workspaces.Host;

/// <summary>
/// Walks from the project's open folder, one name at a time and never through a link, so that no race with a link can
/// lead outside: what is opened is the folder itself, not its name.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class UnixHostTree : HostTree
{
    private readonly SafeFileHandle rootFolder;

    // Paths come sorted: the folder of the last one is mostly the folder of the next.
    private (ProjectPath Path, SafeFileHandle Handle)? last;

    public UnixHostTree(string root)
        : base(root)
    {
        rootFolder = UnixCalls.Open(root, UnixCalls.Folder & ~UnixCalls.NoFollow);
        if (rootFolder.IsInvalid)
        {
            throw new MachineException($"cannot open the project's folder {root}: {Message(Marshal.GetLastPInvokeError())}");
        }
    }

    public override HostStat Stat(ProjectPath path)
    {
        var handle = Folder(path.Folder, create: false, out var error);
        if (handle is null)
        {
            return error == UnixCalls.NotFound ? HostStat.Missing : HostStat.Blocked;
        }

        return UnixCalls.Stat(handle, path.Name, out error) ?? (error == UnixCalls.NotFound ? HostStat.Missing : HostStat.Blocked);
    }

    public override unsafe string? ReadLink(ProjectPath path)
    {
        if (Folder(path.Folder, create: false, out _) is not { } handle)
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[4096];
        fixed (byte* pointer = buffer)
        {
            var length = UnixCalls.ReadLinkAt(handle, path.Name, pointer, buffer.Length);
            return length < 0 ? null : Encoding.UTF8.GetString(buffer[..(int)length]);
        }
    }

    public override Stream OpenRead(ProjectPath path)
    {
        var name = path.Name;
        var parent = Folder(path.Folder, create: false, out var error) ?? throw Refusal(error);
        // Non-blocking: a pipe must not hold the import up before its kind is known.
        var file = UnixCalls.OpenAt(parent, name, UnixCalls.Read | UnixCalls.NoFollow | UnixCalls.NonBlocking | UnixCalls.CloseOnExec, 0);
        if (file.IsInvalid)
        {
            throw Refusal(Marshal.GetLastPInvokeError());
        }

        return UnixCalls.Stat(parent, name, out _)?.Kind == HostKind.File
            ? new FileStream(file, FileAccess.Read, bufferSize: 0)
            : throw new HostRefusalException("it is not a file on the host");
    }

    public override async Task WriteFileAsync(ProjectPath path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write)
    {
        var name = path.Name;
        var parent = Folder(path.Folder, create: true, out var error) ?? throw WriteRefusal(path, error);
        // One importer at a time holds the machine's lock: what lies here is what a killed one left.
        _ = UnixCalls.UnlinkAt(parent, ProjectPath.TemporaryName, 0);
        var file = UnixCalls.OpenAt(parent, ProjectPath.TemporaryName, UnixCalls.CreateNew, 0x180);
        if (file.IsInvalid)
        {
            throw WriteRefusal(path, Marshal.GetLastPInvokeError());
        }

        var renamed = false;
        try
        {
            await using (var stream = new FileStream(file, FileAccess.Write, bufferSize: 0))
            {
                await write(stream);
                File.SetUnixFileMode(file, (UnixFileMode)((executable ? 0x1EDu : 0x1A4u) & ~UnixCalls.Umask));
                File.SetLastWriteTimeUtc(file, modified.UtcDateTime);
                Finish(stream, durable);
            }

            if (UnixCalls.RenameAt(parent, ProjectPath.TemporaryName, parent, name) != 0)
            {
                throw WriteRefusal(path, Marshal.GetLastPInvokeError());
            }

            renamed = true;
        }
        catch (IOException e) when (e is not EndOfStreamException && IsNoSpace(e))
        {
            throw DiskFull(path, e);
        }
        finally
        {
            if (!renamed)
            {
                _ = UnixCalls.UnlinkAt(parent, ProjectPath.TemporaryName, 0);
            }
        }
    }

    public override void WriteLink(ProjectPath path, string target)
    {
        var name = path.Name;
        var parent = Folder(path.Folder, create: true, out var error) ?? throw WriteRefusal(path, error);
        _ = UnixCalls.UnlinkAt(parent, ProjectPath.TemporaryName, 0);
        if (UnixCalls.SymlinkAt(target, parent, ProjectPath.TemporaryName) != 0)
        {
            throw WriteRefusal(path, Marshal.GetLastPInvokeError());
        }

        if (UnixCalls.RenameAt(parent, ProjectPath.TemporaryName, parent, name) != 0)
        {
            error = Marshal.GetLastPInvokeError();
            _ = UnixCalls.UnlinkAt(parent, ProjectPath.TemporaryName, 0);
            throw WriteRefusal(path, error);
        }
    }

    public override void DeleteFile(ProjectPath path)
    {
        var name = path.Name;
        var parent = Folder(path.Folder, create: false, out var error);
        if (parent is not null && UnixCalls.UnlinkAt(parent, name, 0) != 0)
        {
            error = Marshal.GetLastPInvokeError();
        }

        if (error is not 0 and not UnixCalls.NotFound)
        {
            throw Refusal(error);
        }
    }

    public override bool TryDeleteFolder(ProjectPath path)
    {
        Forget();
        return Folder(path.Folder, create: false, out _) is { } parent && UnixCalls.UnlinkAt(parent, path.Name, UnixCalls.RemoveFolder) == 0;
    }

    protected override void Dispose(bool disposing)
    {
        Forget();
        rootFolder.Dispose();
        base.Dispose(disposing);
    }

    private void Forget()
    {
        last?.Handle.Dispose();
        last = null;
    }

    private SafeFileHandle? Folder(ProjectPath? path, bool create, out int error)
    {
        error = 0;
        if (path is null)
        {
            return rootFolder;
        }

        if (last is { } cached && cached.Path == path)
        {
            return cached.Handle;
        }

        var current = rootFolder;
        foreach (var name in path.Text.Split('/'))
        {
            if (create && UnixCalls.MakeFolderAt(current, name, 0x1FF) != 0 && Marshal.GetLastPInvokeError() is var made and not UnixCalls.Exists)
            {
                error = made;
            }

            var next = UnixCalls.OpenAt(current, name, UnixCalls.Folder, 0);
            error = next.IsInvalid ? (error != 0 ? error : Marshal.GetLastPInvokeError()) : 0;
            if (current != rootFolder)
            {
                current.Dispose();
            }

            if (error != 0)
            {
                next.Dispose();
                return null;
            }

            current = next;
        }

        Forget();
        last = (path, current);
        return current;
    }

    private Exception WriteRefusal(ProjectPath path, int error) =>
        UnixCalls.IsNoSpace(error) ? DiskFull(path, new IOException(Message(error))) : Refusal(error);

    private static HostRefusalException Refusal(int error) => new(
        UnixCalls.IsLoop(error) ? "a link of the host's is in the way"
        : error == UnixCalls.NotAFolder ? "a link or a file of the host's is in the way"
        : error == UnixCalls.IsAFolder ? "the host has a folder of that name"
        : $"the host refuses: {Message(error)}");

    private static bool IsNoSpace(IOException e) => UnixCalls.IsNoSpace(e.HResult) || UnixCalls.IsNoSpace(e.HResult & 0xFFFF) || e.Message.Contains("No space left", StringComparison.Ordinal);

    private static string Message(int error) => new Win32Exception(error).Message;
}
