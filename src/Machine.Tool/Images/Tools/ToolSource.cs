using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Tools;

/// <summary>The host's feed and registry, asked by the host itself over the very service that an image build is served by.</summary>
/// <param name="socket">The service's (<see cref="GuestService.HostSocket"/>); what answers has the user's own configuration alone.</param>
internal sealed class ToolSource(string socket) : IDisposable
{
    private const long MostPackage = 1L << 30;
    private const long MostDocument = 256L << 20;

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ConnectCallback = async (_, cancel) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://127.0.0.1/"),
        Timeout = TimeLimit.Minutes(10),
    };

    public void Dispose() => client.Dispose();

    /// <summary>Where a package's file is, as the service names it.</summary>
    public static string AddressOf(string kind, string name, string version) => kind == "npm"
        ? $"npm/{name}/-/{name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]}-{version}.tgz"
        : $"nuget/v3/flat/{name.ToLowerInvariant()}/{version.ToLowerInvariant()}/{name.ToLowerInvariant()}.{version.ToLowerInvariant()}.nupkg";

    /// <exception cref="MachineException">There is none, or nobody answers.</exception>
    public async Task<JsonDocument> DocumentAsync(string address, CancellationToken cancel)
    {
        using var text = new MemoryStream();
        await DownloadAsync(address, text, MostDocument, cancel);
        text.Position = 0;
        try
        {
            return await JsonDocument.ParseAsync(text, cancellationToken: cancel);
        }
        catch (JsonException e)
        {
            throw new MachineException($"tools: the answer to {address} can't be read", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
    }

    /// <returns>The SHA-512 of what came, lower-case hex.</returns>
    /// <exception cref="MachineException">There is none, nobody answers, or it is too large.</exception>
    public Task<string> PackageAsync(string kind, string name, string version, Stream target, CancellationToken cancel) =>
        DownloadAsync(AddressOf(kind, name, version), target, MostPackage, cancel);

    private async Task<string> DownloadAsync(string address, Stream target, long most, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.Accept.ParseAdd(address.StartsWith("npm/", StringComparison.Ordinal) ? "application/vnd.npm.install-v1+json, */*" : "*/*");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                var said = await response.Content.ReadAsStringAsync(cancel);
                throw new MachineException(
                    $"tools: {address} is not to be had ({(int)response.StatusCode}): {HostProgram.LastLines(said.Length > 400 ? said[..400] : said, 3).Trim()}",
                    "check the names in tools:, and your own NuGet and npm configuration: a project's is not read for images",
                    ExitCode.MachineUnavailable);
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
            var buffer = new byte[1 << 16];
            int count;
            while ((count = await body.ReadAsync(buffer, cancel)) > 0)
            {
                most -= count;
                if (most < 0)
                {
                    throw new MachineException($"tools: {address} is too large", exitCode: ExitCode.MachineUnavailable);
                }

                hash.AppendData(buffer, 0, count);
                await target.WriteAsync(buffer.AsMemory(0, count), cancel);
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new MachineException($"tools: {address} is not to be had: {e.GetBaseException().Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
    }
}
