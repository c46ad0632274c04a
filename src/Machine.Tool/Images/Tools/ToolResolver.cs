using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Images.Tools;

/// <summary>
/// Says which packages the words of <c>tools:</c> mean, each by the hash of its bytes: that is what the image is named by, and what its
/// build gets, so no other configuration, and nobody who changes a package behind its version, ever makes the same image.
/// </summary>
internal sealed class ToolResolver(MachinePaths paths)
{
    public const string Npm = "npm";
    public const string Dotnet = "dotnet";

    private const long MostSettings = 1 << 20;

    private readonly ToolRecords records = new(paths);

    /// <param name="anew">Asks the sources, whatever is recorded.</param>
    /// <exception cref="MachineException">A tool is not recorded, and can't be asked for.</exception>
    public async Task<ImageRequest> PinAsync(
        ImageRequest request, IReadOnlyList<GuestService> services, bool anew, IProgressSink progress, CancellationToken cancel)
    {
        var asked = request.NpmTools.Distinct().Select(tool => (Kind: Npm, Asked: tool)).Concat(request.DotnetTools.Distinct().Select(tool => (Kind: Dotnet, Asked: tool)));
        var pinned = new List<PinnedTool>();
        foreach (var (kind, tool) in asked)
        {
            var record = records.Find(kind, tool, out var old);
            pinned.AddRange(record is not null && !old && !anew ? record.Tools : await AskAsync(kind, tool, record, services, progress, cancel));
        }

        return request with { Tools = pinned };
    }

    /// <summary>True where every tool is recorded and young enough: nobody need be asked.</summary>
    public bool Knows(ImageRequest request) =>
        request.NpmTools.All(tool => records.Find(Npm, tool, out var old) is not null && !old)
        && request.DotnetTools.All(tool => records.Find(Dotnet, tool, out var old) is not null && !old);

    private async Task<IReadOnlyList<PinnedTool>> AskAsync(
        string kind, string asked, ToolRecord? record, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        try
        {
            if (services.Count == 0)
            {
                throw new MachineException("tools: are installed through the package feed, which is not running", exitCode: ExitCode.MachineUnavailable);
            }

            progress.Detail($"resolving {asked}");
            using var source = new ToolSource(services[0].HostSocket);
            IReadOnlyList<PinnedTool> tools = kind == Npm ? [await NpmAsync(source, asked, cancel)] : await DotnetAsync(source, asked, cancel);
            records.Write(new ToolRecord(ToolRecord.CurrentFormat, kind, asked, DateTimeOffset.UtcNow, tools));
            return tools;
        }
        catch (MachineException e) when (record is not null)
        {
            progress.Note($"{e.Message}; {asked} stays what it was on {record.Resolved:yyyy-MM-dd}");
            return record.Tools;
        }
    }

    private static async Task<PinnedTool> NpmAsync(ToolSource source, string asked, CancellationToken cancel)
    {
        var at = asked.IndexOf('@', 1);
        var (name, wanted) = at < 0 ? (asked, "latest") : (asked[..at], asked[(at + 1)..]);
        using var document = await source.DocumentAsync($"npm/{name.Replace("/", "%2f", StringComparison.Ordinal)}", cancel);
        var versions = Names(document.RootElement, "versions");
        var version = versions.Contains(wanted) ? wanted
            : document.RootElement.TryGetProperty("dist-tags", out var tags) && tags.ValueKind == JsonValueKind.Object
                && tags.TryGetProperty(wanted, out var tagged) && tagged.GetString() is { } named && versions.Contains(named) ? named
            : NpmRange.Choose(wanted, versions) ?? throw Missing($"the npm registry has no {name} {wanted}");
        return new PinnedTool(Npm, name, version, await source.PackageAsync(Npm, name, version, Stream.Null, cancel));
    }

    private static async Task<IReadOnlyList<PinnedTool>> DotnetAsync(ToolSource source, string asked, CancellationToken cancel)
    {
        var parts = asked.Split('@', 2);
        var name = parts[0];
        using var document = await source.DocumentAsync($"nuget/v3/flat/{name.ToLowerInvariant()}/index.json", cancel);
        var versions = document.RootElement.GetProperty("versions").EnumerateArray().Select(version => version.GetString()!).ToList();
        var version = parts.Length == 2
            ? versions.FirstOrDefault(candidate => SameVersion(candidate, parts[1]))
            : versions.LastOrDefault(candidate => !candidate.Contains('-', StringComparison.Ordinal));
        var tools = new List<PinnedTool>();
        using var package = new MemoryStream();
        tools.Add(await FetchAsync(name, version ?? throw Missing($"no package source of yours has {asked.Replace('@', ' ')}"), package));
        foreach (var native in NativeParts(package))
        {
            // A tool of one's own processor lies in a package beside it, of the same version.
            tools.Add(await FetchAsync(native, version, Stream.Null));
        }

        return tools;

        async Task<PinnedTool> FetchAsync(string id, string of, Stream target) => new(Dotnet, id, of, await source.PackageAsync(Dotnet, id, of, target, cancel));
    }

    // The tool's own file names a package for each processor. Hostile like every package: bounded, no entities.
    private static IReadOnlyList<string> NativeParts(Stream package)
    {
        var ours = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        try
        {
            package.Position = 0;
            using var zip = new ZipArchive(package, ZipArchiveMode.Read, leaveOpen: true);
            var settings = zip.Entries.FirstOrDefault(entry => entry.Name == "DotnetToolSettings.xml");
            if (settings is null || settings.Length > MostSettings)
            {
                return [];
            }

            using var text = settings.Open();
            using var reader = XmlReader.Create(text, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = MostSettings, XmlResolver = null });
            return
            [
                .. XDocument.Load(reader).Descendants("RuntimeIdentifierPackage")
                    .Where(element => element.Attribute("RuntimeIdentifier")?.Value is "any" or "linux" || element.Attribute("RuntimeIdentifier")?.Value == ours)
                    .Select(element => element.Attribute("Id")?.Value ?? "")
                    .Where(id => id.Length is > 0 and <= 100 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
                    .Distinct(StringComparer.OrdinalIgnoreCase).Take(3),
            ];
        }
        catch (Exception e) when (e is InvalidDataException or XmlException)
        {
            // Not a tool that can be installed: the guest says so better.
            return [];
        }
    }

    private static HashSet<string> Names(JsonElement root, string property) =>
        root.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Select(item => item.Name).ToHashSet(StringComparer.Ordinal)
            : [];

    // 10.0 and 10.0.0 are one version.
    private static bool SameVersion(string one, string other)
    {
        return Plain(one) == Plain(other);

        static string Plain(string version)
        {
            var parts = version.Split('-', 2);
            var numbers = parts[0].Split('.').Select(number => number.TrimStart('0')).ToList();
            while (numbers.Count > 0 && numbers[^1].Length == 0)
            {
                numbers.RemoveAt(numbers.Count - 1);
            }

            return string.Join('.', numbers) + (parts.Length == 2 ? "-" + parts[1].ToLowerInvariant() : "");
        }
    }

    private static MachineException Missing(string what) => new(
        $"tools: {what}", "check the names in tools:, and your own NuGet and npm configuration: a project's is not read for images", ExitCode.MachineUnavailable);
}
