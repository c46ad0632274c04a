using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Images.Tools;

/// <param name="Asked">As the Machinefile says it: <c>dotnet-ef</c>, <c>typescript@5.9.2</c>.</param>
/// <param name="Tools">The package that was chosen, and those that it brings.</param>
internal sealed record ToolRecord(int Format, string Kind, string Asked, DateTimeOffset Resolved, IReadOnlyList<PinnedTool> Tools)
{
    public const int CurrentFormat = 1;
}

/// <summary>
/// What tools were resolved to, <c>tools/HASH.json</c> of the user's own folder: an image's name is known without a network, and stays
/// what it is for a week. A user whose package configuration has changed asks anew.
/// </summary>
internal sealed class ToolRecords(MachinePaths paths)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromDays(7);

    private readonly string folder = Path.Combine(paths.Home, "tools");
    private readonly string configuration = UserConfiguration();

    /// <param name="old">True where it is older than a week: of use only where nobody can be asked.</param>
    public ToolRecord? Find(string kind, string asked, out bool old)
    {
        old = false;
        try
        {
            var record = JsonState.Read<ToolRecord>(FileOf(kind, asked));
            if (record is not { Format: ToolRecord.CurrentFormat, Tools.Count: > 0 } || record.Kind != kind || record.Asked != asked)
            {
                return null;
            }

            old = (DateTimeOffset.UtcNow - record.Resolved).Duration() > Fresh;
            return record;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(ToolRecord record)
    {
        MachinePaths.CreatePrivate(paths.Home);
        MachinePaths.CreatePrivate(folder);
        JsonState.Write(FileOf(record.Kind, record.Asked), record);
    }

    private string FileOf(string kind, string asked) => Path.Combine(folder, Hex($"{kind}\0{asked}\0{configuration}")[..32] + ".json");

    // The files of the user and of this host that say where packages come from. Never a project's.
    private static string UserConfiguration()
    {
        var home = UserHome.Folder;
        // These lead to others than the usual ones; what was resolved with them is not for whoever has them not.
        string[] variables = ["DOTNET_CLI_HOME", "NUGET_COMMON_APPLICATION_DATA", "NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "NPM_CONFIG_REGISTRY", "npm_config_registry"];
        var led = variables.Select(name => Environment.GetEnvironmentVariable(name) ?? "").ToList();
        string[] folders =
        [
            .. led[0].Length > 0 ? [Path.Combine(led[0], ".nuget", "NuGet")] : Array.Empty<string>(),
            .. led[1].Length > 0 ? [Path.Combine(led[1], "NuGet", "Config")] : Array.Empty<string>(),
            Path.Combine(home, ".nuget", "NuGet"), Path.Combine(home, ".nuget", "config"), "/etc/opt/NuGet/Config",
            Path.Combine(UserHome.Settings ?? home, "NuGet"),
        ];
        var files = folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(file => file.EndsWith(".config", StringComparison.OrdinalIgnoreCase))
            .Concat([Path.Combine(home, ".npmrc"), led[2], led[3]]).Where(File.Exists).Order(StringComparer.Ordinal);
        var text = new StringBuilder(string.Join('\0', led));
        foreach (var file in files)
        {
            text.Append('\0').Append(file).Append('\0').Append(File.ReadAllText(file));
        }

        return Hex(text.ToString());
    }

    private static string Hex(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
