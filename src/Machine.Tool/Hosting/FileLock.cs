namespace Machine.Tool.Hosting;

/// <summary>A lock that dies with its holder: an open file that nobody else may open.</summary>
internal sealed class FileLock : IDisposable
{
    private const int SharingViolation = unchecked((int)0x80070020);

    // On Unix .NET hands on the error number of flock.
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnMac = 35;

    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    public static FileLock? TryAcquire(string path)
    {
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult is SharingViolation or WouldBlockOnLinux or WouldBlockOnMac)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot open the lock {path}: {e.Message}", "make the folder writable, or set MACHINE_HOME", ExitCode.MachineUnavailable, e);
        }
    }

    /// <summary>Waits until the lock is free; tells once through <paramref name="waiting"/> that it waits.</summary>
    public static async Task<FileLock> AcquireAsync(string path, Action? waiting, CancellationToken cancel)
    {
        for (var told = false; ; told = true)
        {
            if (TryAcquire(path) is { } held)
            {
                return held;
            }

            if (!told)
            {
                waiting?.Invoke();
            }

            await Task.Delay(100, cancel);
        }
    }

    public void Dispose() => stream.Dispose();
}
