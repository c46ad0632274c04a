using System.Runtime.Versioning;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;

namespace Machine.Tool.Tests.Images;

[UnsupportedOSPlatform("windows")]
public sealed class PrivateNamespaceTests : IDisposable
{
    private readonly ImagesFolder home = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_script_is_root_in_there_and_its_mounts_stay_in_there()
    {
        await RequireAsync();
        var mount = Path.Combine(home.Home, "mounted");
        Directory.CreateDirectory(mount);
        var script = home.Write("script.sh", "id -u; mount -t tmpfs none \"$1\" && touch \"$1/inside\" && ls \"$1\"; exit 7");

        var result = await PrivateNamespace.RunScriptAsync(script, [mount], _ => { }, Cancel);

        result.ExitCode.ShouldBe(7);
        result.Output.ShouldBe("0\ninside");
        Directory.GetFileSystemEntries(mount).ShouldBeEmpty();
    }

    [Fact]
    public async Task Cancelling_ends_every_process_in_there()
    {
        await RequireAsync();
        var beat = Path.Combine(home.Home, "beat");
        var script = home.Write("script.sh", "setsid sh -c 'while :; do date +%N >\"$0\"; sleep 0.05; done' \"$1\" </dev/null >/dev/null 2>&1 & echo started; sleep 600");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var running = PrivateNamespace.RunScriptAsync(script, [beat], _ => { }, stop.Token);
        await Until(() => File.Exists(beat) && new FileInfo(beat).Length > 0);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running);

        // Dead processes write no more: whatever is removed now stays away.
        await Until(() =>
        {
            File.Delete(beat);
            return !SpinWait.SpinUntil(() => File.Exists(beat), TimeSpan.FromMilliseconds(500));
        });
    }

    [Fact]
    public async Task The_build_script_ends_when_the_tool_does()
    {
        await RequireAsync();
        await ImageRecipe.WriteAsync(Path.Combine(home.Home, "recipe"), Cancel);
        home.Write("apt.options");
        home.Write("dpkg.options");
        home.Write("bin/mmdebstrap", "#!/bin/sh\necho waiting\nexec sleep 600\n");
        var program = Path.Combine(home.Home, "bin", "mmdebstrap");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var start = new System.Diagnostics.ProcessStartInfo("unshare") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["PATH"] = Path.GetDirectoryName(program) + ":" + Environment.GetEnvironmentVariable("PATH");
        foreach (var argument in PrivateNamespace.Flags().Concat(["sh", Path.Combine(home.Home, "recipe", "build.sh"), home.Home, "bookworm", "git"]))
        {
            start.ArgumentList.Add(argument);
        }

        using var script = System.Diagnostics.Process.Start(start)!;
        (await script.StandardOutput.ReadLineAsync(Cancel)).ShouldBe("waiting");
        script.StandardInput.Close();

        await script.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        script.ExitCode.ShouldNotBe(0);
    }

    [Fact]
    public async Task A_folder_with_files_of_mapped_users_is_deleted()
    {
        await RequireAsync();
        var folder = Path.Combine(home.Home, "build");
        Directory.CreateDirectory(folder);
        var script = home.Write("script.sh", "mkdir -p \"$1/root/var/private\" && touch \"$1/root/var/private/file\" && chown -R 33:33 \"$1/root/var\" && chmod 0700 \"$1/root/var\"");
        (await PrivateNamespace.RunScriptAsync(script, [folder], _ => { }, Cancel)).ExitCode.ShouldBe(0);

        await PrivateNamespace.DeleteAsync(folder);

        Directory.Exists(folder).ShouldBeFalse();
    }

    private static async Task RequireAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "namespaces are Linux'");
        try
        {
            await PrivateNamespace.CheckAsync(Cancel);
        }
        catch (MachineException e)
        {
            Assert.Skip(e.Message);
        }
    }

    private static async Task Until(Func<bool> condition)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!condition())
        {
            DateTime.UtcNow.ShouldBeLessThan(deadline);
            await Task.Delay(20, Cancel);
        }
    }
}
