using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Lower;
using Machine.Tool.Workspaces.Review;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A project of the host's, with the default outputs, whose guest says and sends what the attack is.</summary>
internal sealed class AttackedProject : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-attack-").FullName;
    private readonly Dictionary<string, Func<string>> contents = new(StringComparer.Ordinal);

    public AttackedProject()
    {
        Directory.CreateDirectory(Path);
        Write("App.csproj", "<Project />");
        Guest = NewGuest();
    }

    public LyingGuest Guest { get; private set; }

    public string Path => System.IO.Path.Combine(folder, "project");

    /// <summary>The host's files change behind an import: runs when the guest is asked for contents, before the first byte.</summary>
    public Action? WhileItSends { get; set; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string State => System.IO.Path.Combine(folder, "state");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public string At(string path) => System.IO.Path.Combine(Path, path);

    /// <summary>A file of the host's own, an hour old.</summary>
    public string Write(string path, string text, bool executable = false)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
        File.SetLastWriteTimeUtc(At(path), DateTime.UtcNow.AddHours(-1));
        if (executable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(At(path), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return text;
    }

    public string? Read(string path) => File.Exists(At(path)) ? File.ReadAllText(At(path)) : null;

    /// <summary>The guest claims a file and sends this, which may be another text each time it is asked.</summary>
    public AttackedProject Claims(string path, Func<string> content, string mode = "644")
    {
        contents[path] = content;
        Guest.Says(path, size: content().Length, mode: mode);
        return this;
    }

    public AttackedProject Claims(string path, string content, string mode = "644") => Claims(path, () => content, mode);

    /// <summary>The guest forgets all that it said; what was brought stays known.</summary>
    public AttackedProject SaysAnew()
    {
        contents.Clear();
        Guest = NewGuest();
        return this;
    }

    public Workspace Open(ChangesMode mode = ChangesMode.Hold, Func<string, HostTree>? tree = null) =>
        new(Path, State, new WorkspaceSettings(MachinefileDefaults.Outputs, mode), Guest, new SharedLower(), openTree: tree);

    /// <summary>One command of the guest, and what the host takes of it.</summary>
    public async Task<ChangeReport> CommandAsync(ChangesMode mode = ChangesMode.Hold, string[]? places = null, Func<string, HostTree>? tree = null)
    {
        var workspace = Open(mode, tree);
        return await workspace.CollectAsync(await workspace.PrepareAsync(Cancel), Cancel, places);
    }

    private LyingGuest NewGuest() => new()
    {
        Pack = requests =>
        {
            WhileItSends?.Invoke();
            var answer = new MemoryStream();
            foreach (var (size, path) in requests)
            {
                var text = contents.TryGetValue(LyingGuest.Text(path), out var content) ? content() : new string('x', (int)size);
                LyingGuest.Frame(answer, path, text);
            }

            answer.Position = 0;
            return answer;
        },
    };
}
