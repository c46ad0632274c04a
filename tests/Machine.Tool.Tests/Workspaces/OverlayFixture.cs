using System.Diagnostics;
using System.Text;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Lower;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Tests.Workspaces;

/// <summary>
/// A guest without a virtual machine: a real overlay on a host's folder, in a mount namespace of its own, and the real
/// changes.pl run by the real perl. Needs root on Linux with overlayfs.
/// </summary>
public sealed class OverlayFixture : IDisposable
{
    private Process? guest;

    internal OverlayFixture(WorkspaceSettings? settings = null, ImportLimits? limits = null, Func<string, HostTree>? openTree = null)
    {
        Base = Directory.CreateTempSubdirectory("machine-workspace-").FullName;
        Host = Directory.CreateDirectory(Path.Combine(Base, "host")).FullName;
        Outside = Directory.CreateDirectory(Path.Combine(Base, "outside")).FullName;
        State = Path.Combine(Base, "state");
        Mount = Directory.CreateDirectory(Path.Combine(Base, "mount")).FullName;
        Disk = Directory.CreateDirectory(Path.Combine(Base, "disk")).FullName;
        using (var script = typeof(Workspace).Assembly.GetManifestResourceStream("Guests/changes.pl")!)
        using (var file = File.Create(Path.Combine(Base, "changes.pl")))
        {
            script.CopyTo(file);
        }

        Workspace = new Workspace(
            Host,
            State,
            settings ?? new WorkspaceSettings(["**/bin/**", "artifacts/**"], ChangesMode.Hold),
            new GuestProgram(StartGuestProgram),
            new SharedLower(),
            limits,
            openTree);
        guest = TryStartGuest();
    }

    public string Base { get; }

    public string Host { get; }

    /// <summary>Beside the project: nothing may ever be written here.</summary>
    public string Outside { get; }

    public string State { get; }

    public string Mount { get; }

    public string Disk { get; }

    public string Upper => Path.Combine(Disk, "upper");

    internal Workspace Workspace { get; }

    public static void SkipUnlessRoot()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root" || !File.Exists("/usr/bin/perl") || !File.Exists("/usr/bin/nsenter"))
        {
            Assert.Skip("needs Linux, root, perl and nsenter");
        }
    }

    /// <summary>Runs a shell command in the guest's workspace, after the cache drop that the supervisor makes before each.</summary>
    public string InGuest(string command) => Run(InNamespace("sh", "-ec", $"echo 2 >/proc/sys/vm/drop_caches; cd '{Mount}'; {command}"));

    public void OnHost(string path, string content)
    {
        var full = Path.Combine(Host, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }

    public string? HostText(string path) => File.Exists(Path.Combine(Host, path)) ? File.ReadAllText(Path.Combine(Host, path)) : null;

    public bool IsExecutable(string path) =>
        !OperatingSystem.IsWindows() && File.GetUnixFileMode(Path.Combine(Host, path)).HasFlag(UnixFileMode.UserExecute);

    /// <summary>Prepare, a command in the guest, collect: as the tool does around every command.</summary>
    internal async Task<ChangeReport> CommandAsync(string command, Action? meanwhile = null)
    {
        var start = await Workspace.PrepareAsync(TestContext.Current.CancellationToken);
        Workspace.GetReady();
        InGuest(command);
        meanwhile?.Invoke();
        return await Workspace.CollectAsync(start, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (guest is not null)
        {
            // The mounts live in its namespace and go with it.
            guest.Kill();
            guest.WaitForExit();
            guest.Dispose();
            guest = null;
        }

        Directory.Delete(Base, recursive: true);
    }

    private Process? TryStartGuest()
    {
        var start = new ProcessStartInfo("unshare") { RedirectStandardOutput = true, RedirectStandardInput = true };
        string[] arguments =
        [
            "-m", "--propagation", "private", "sh", "-ec",
            $"mount -t tmpfs none '{Disk}'; mkdir '{Disk}/upper' '{Disk}/work'; mount -t overlay none -o "
            + $"'lowerdir={Host},upperdir={Disk}/upper,workdir={Disk}/work,index=off,metacopy=off,redirect_dir=off,xino=off' '{Mount}'; echo up; exec cat",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        if (process.StandardOutput.ReadLine() == "up")
        {
            return process;
        }

        process.WaitForExit();
        Assert.Skip("overlayfs can't be mounted here");
        return null;
    }

    private string[] InNamespace(params string[] command) => ["nsenter", "-t", guest!.Id.ToString(), "-m", "--", .. command];

    private Process StartGuestProgram(string verb, IReadOnlyList<string> arguments)
    {
        var words = InNamespace("perl", Path.Combine(Base, "changes.pl"), verb);
        var start = new ProcessStartInfo(words[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in words[1..].Concat(arguments))
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["MACHINE_UPPER"] = Upper;
        start.Environment["MACHINE_LOWER"] = Host;
        return Process.Start(start)!;
    }

    private static string Run(string[] words)
    {
        var start = new ProcessStartInfo(words[0]) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var word in words[1..])
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{words[^1]}: {errors.Result}");
    }
}
