namespace Machine.Tool.Hosting;

/// <summary>
/// Keeps logs short while they are written, by programs that a guest can make say something again and again. Each was opened to append, so
/// what is too long is copied aside, and the file begins anew under the writer's hands; a line written in between is lost.
/// </summary>
internal static class LogBounds
{
    public const long Most = 4 << 20;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <param name="folder">Whatever ends with <c>.log</c> there.</param>
    public static async Task WatchAsync(string folder, string another, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                foreach (var file in Directory.EnumerateFiles(folder, "*.log").Append(another))
                {
                    Keep(file);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The supervisor ends.
        }
    }

    /// <summary>The end of what is too long goes to <c>.1</c>.</summary>
    public static void Keep(string file)
    {
        try
        {
            if (new FileInfo(file) is not { Exists: true, Length: > Most })
            {
                return;
            }

            using var log = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            log.Seek(-Most, SeekOrigin.End);
            using (var aside = new FileStream(file + ".1", FileMode.Create, FileAccess.Write))
            {
                var left = Most;
                var buffer = new byte[64 << 10];
                while (left > 0 && log.Read(buffer, 0, (int)Math.Min(buffer.Length, left)) is > 0 and var count)
                {
                    aside.Write(buffer, 0, count);
                    left -= count;
                }
            }

            log.SetLength(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: the next look may find room.
        }
    }
}
