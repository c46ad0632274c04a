using System.Diagnostics;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>Guest root plants everything hostile that a file system can hold into a real upper layer.</summary>
public sealed class OverlayAttacks : IDisposable
{
    private readonly OverlayFixture box;

    public OverlayAttacks()
    {
        OverlayFixture.SkipUnlessRoot();
        box = new OverlayFixture(new WorkspaceSettings(["**/bin/**", "artifacts/**"], ChangesMode.Apply));
    }

    public void Dispose() => box?.Dispose();

    [Fact]
    public async Task The_good_come_and_the_bad_are_refused_with_a_line_each()
    {
        box.OnHost("src/a.cs", "1");
        var report = await box.CommandAsync("""
            mkdir -p bin artifacts/many; cd bin
            printf good >good; printf tool >tool; chmod 755 tool; ln good hard; ln -s good soft
            mknod block b 8 0; mknod char c 1 3; mkfifo pipe; cp tool setuid; chmod 4755 setuid
            perl -MSocket -e 'socket(S,PF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un("socket"))'
            ln -s /etc/passwd absolute; ln -s ../../outside climbing; ln -s ../.git/hooks guarded; ln -s . self
            truncate -s 1T sparse; printf x >"$(printf 'new\nline')"; printf x >"$(printf 'raw\377')"; printf x >con; printf x >'dot.'
            printf x >Directory.Build.props
            cd ../artifacts/many; seq 100000 | xargs touch
            """);
        report.Refused.Select(c => c.Path).Order(StringComparer.Ordinal).ShouldBe(
            ["artifacts/many/", "bin/absolute", "bin/block", "bin/char", "bin/climbing", "bin/con", "bin/dot.", "bin/guarded", "bin/new\nline", "bin/pipe", "bin/raw\\xff", "bin/setuid", "bin/socket", "bin/sparse"]);
        report.Guarded.ShouldHaveSingleItem().Path.ShouldBe("bin/Directory.Build.props");
        Directory.GetFileSystemEntries(Path.Combine(box.Host, "bin")).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["good", "hard", "self", "soft", "tool"]);
        box.HostText("bin/hard").ShouldBe("good");
        box.IsExecutable("bin/tool").ShouldBeTrue();
        Directory.GetFileSystemEntries(box.Outside).ShouldBeEmpty();
        await box.Workspace.DiscardAsync([], TestContext.Current.CancellationToken);
        (await box.CommandAsync("true")).All.ShouldBeEmpty();
    }

    [Fact]
    public async Task Removing_everything_inside_leaves_the_host_as_it_is()
    {
        using var open = new OverlayFixture();
        open.OnHost("src/a.cs", "1");
        open.OnHost("src/a.csproj", "1");
        open.OnHost("README.md", "1");
        open.OnHost(".git/HEAD", "1");
        var report = await open.CommandAsync("rm -rf ./* ./.git");
        Directory.GetFiles(open.Host, "*", SearchOption.AllDirectories).Length.ShouldBe(4);
        report.Held.Select(c => c.Path).ShouldBe(["README.md"]);
        report.Guarded.Select(c => c.Path).Order(StringComparer.Ordinal).ShouldBe([".git", "src"]);
    }

    [Fact]
    public async Task Ten_thousand_changes_are_listed_and_brought_in_seconds()
    {
        var start = await box.Workspace.PrepareAsync(TestContext.Current.CancellationToken);
        box.InGuest("mkdir -p bin; cd bin; for d in $(seq 100); do mkdir $d; (cd $d; seq 100 | xargs touch); done; head -c 100000000 /dev/zero >big");
        var clock = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        var report = await box.Workspace.CollectAsync(start, TestContext.Current.CancellationToken);
        var first = clock.Elapsed;
        var firstCpu = Environment.CpuUsage.TotalTime - cpu;
        report.Imported.ShouldBe(10_001);
        start = await box.Workspace.PrepareAsync(TestContext.Current.CancellationToken);
        clock.Restart();
        cpu = Environment.CpuUsage.TotalTime;
        report = await box.Workspace.CollectAsync(start, TestContext.Current.CancellationToken);
        report.Imported.ShouldBe(0);
        TestContext.Current.TestOutputHelper?.WriteLine($"10,001 files and 100 MB brought in {first.TotalMilliseconds:F0} ms, (CPU {firstCpu.TotalMilliseconds:F0}), listed again in {clock.ElapsedMilliseconds} ms (CPU {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds:F0})");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }
}
