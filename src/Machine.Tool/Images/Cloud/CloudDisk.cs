using System.Net;
using System.Security.Cryptography;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;

namespace Machine.Tool.Images.Cloud;

/// <summary>
/// The disk that a Machinefile names by path or URL, as a copy of our own: what is verified is what is used, whoever writes
/// the original meanwhile.
/// </summary>
internal static class CloudDisk
{
    // Without a byte for so long, a download is over.
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    /// <summary>A system's disk; no server fills this host's with one.</summary>
    internal const long MostDisk = 64L << 30;

    /// <returns>The copy in <paramref name="folder"/>.</returns>
    /// <exception cref="MachineException">It can't be had, is not what its checksum says, or is no qcow2 that stands alone.</exception>
    public static async Task<DiskFile> FetchAsync(string source, string sha256, string folder, IProgressSink progress, CancellationToken cancel, long most = MostDisk)
    {
        var file = Path.Combine(folder, "base.qcow2");
        string actual;
        if (source.StartsWith("http", StringComparison.OrdinalIgnoreCase))
        {
            progress.Step("downloading the disk");
            actual = await DownloadAsync(source, file, most, progress, cancel);
        }
        else
        {
            progress.Step("copying the disk");
            actual = await CopyAsync(source, file, cancel);
        }

        if (actual != sha256)
        {
            throw new MachineException(
                $"image: {source} is not what its checksum says:\n  expected {sha256}\n  found    {actual}",
                "get the disk again, or write the checksum that its publisher states into sha256:",
                ExitCode.MachineUnavailable);
        }

        var disk = new DiskFile(file, "qcow2");
        await ForeignDisk.RequireStandAloneAsync(disk, "image: takes a cloud image in the format qcow2; convert one of another format", cancel);
        return disk;
    }

    private static async Task<string> CopyAsync(string source, string file, CancellationToken cancel)
    {
        try
        {
            // Shares its blocks with the original where the file system can.
            File.Copy(source, file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new MachineException($"image: {source} can't be read: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }

        await using var copy = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(copy, cancel));
    }

    private static async Task<string> DownloadAsync(string source, string file, long most, IProgressSink progress, CancellationToken cancel)
    {
        // The host's proxy and authorities; the answer's headers within the default time, its body for as long as it flows.
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };
        var origin = new Uri(source);
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        silence.CancelAfter(Silence);
        try
        {
            // Publishers send on to their mirrors; none has to do with this host's own networks.
            using var response = await Redirects.SendAsync(
                client, origin, address => new HttpRequestMessage(HttpMethod.Get, address),
                async next => next.Authority == origin.Authority || (next.Scheme == "https" && await Redirects.IsPublicAsync(next.Host, silence.Token)),
                silence.Token);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw Failed(source, $"the server answered {(int)response.StatusCode}");
            }

            if (response.Content.Headers.ContentLength > most)
            {
                throw Failed(source, TooLarge(most));
            }

            await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
            await using var target = File.Create(file);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 20];
            long done = 0;
            int count;
            while ((count = await body.ReadAsync(buffer, silence.Token)) > 0)
            {
                silence.CancelAfter(Silence);
                if (done + count > most)
                {
                    throw Failed(source, TooLarge(most));
                }

                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancel);
                done += count;
                progress.Detail($"{done >> 20} MiB{(response.Content.Headers.ContentLength is { } length ? $" of {length >> 20}" : "")}");
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (HttpRequestException e)
        {
            throw Failed(source, e.GetBaseException().Message, e);
        }
        catch (IOException e) when (!DiskSpace.IsFull(e))
        {
            throw Failed(source, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw Failed(source, $"nothing came for {Silence.TotalSeconds:0} s", e);
        }
    }

    private static string TooLarge(long most) => $"it is larger than {most >> 20} MiB";

    private static MachineException Failed(string source, string reason, Exception? inner = null) => new(
        $"image: {source} could not be downloaded: {reason}",
        "check the address and this host's proxy (https_proxy), or download it yourself and write image: { path: …, sha256: … }",
        ExitCode.MachineUnavailable,
        inner);
}
