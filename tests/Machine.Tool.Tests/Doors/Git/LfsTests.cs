using System.Security.Cryptography;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>A real git LFS inside, whose files another server keeps: the host alone has the password of the one and the key of the other.</summary>
public sealed class LfsTests : IAsyncLifetime
{
    private GitUnderTest git = null!;
    private LfsServer server = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || HostProgram.Find("git-lfs") is null, "git LFS is not installed");
        git = await GitUnderTest.StartAsync();
        server = new LfsServer(git);
        git.Upstream.Instead = server.AnswerAsync;
        (await git.GuestAsync("lfs", "install", "--skip-repo")).ShouldSucceed();
    }

    public async ValueTask DisposeAsync()
    {
        if (git is not null)
        {
            await git.DisposeAsync();
        }
    }

    [Fact]
    public async Task Files_are_pushed_and_cloned_and_neither_password_nor_key_comes_inside()
    {
        await git.ServeAsync("acme/shop");
        git.Allow("git+push:acme/shop");
        var work = await CloneAsync("work");
        // More than any buffer holds.
        var large = RandomNumberGenerator.GetBytes(40 << 20);
        await File.WriteAllBytesAsync(Path.Combine(work, "large.bin"), large, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(work, "empty.bin"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(work, "small.bin"), "small", TestContext.Current.CancellationToken);
        (await git.GuestInAsync(work, "lfs", "track", "*.bin")).ShouldSucceed();
        (await git.GuestInAsync(work, "add", "-A")).ShouldSucceed();
        (await git.GuestInAsync(work, "commit", "-q", "-m", "files")).ShouldSucceed();
        var trace = new Dictionary<string, string> { ["GIT_TRACE"] = "1", ["GIT_CURL_VERBOSE"] = "1", ["GIT_TRACE_REDACT"] = "0" };

        var push = (await git.GuestAsync(trace, "-C", work, "push", "origin", "main")).ShouldSucceed();
        var clone = (await git.GuestAsync(trace, "clone", $"https://{git.Place}/acme/shop", "again")).ShouldSucceed();

        File.ReadAllBytes(Path.Combine(git.GuestHome, "again/large.bin")).ShouldBe(large);
        File.ReadAllText(Path.Combine(git.GuestHome, "again/small.bin")).ShouldBe("small");
        server.Verified.Count.ShouldBe(2);
        server.Got.ShouldAllBe(got => got.Contains(LfsServer.Key, StringComparison.Ordinal) && !got.Contains("Basic", StringComparison.Ordinal), "the password is git's server's alone");
        var seen = push.Output + push.Error + clone.Output + clone.Error + string.Concat(Directory.EnumerateFiles(git.GuestHome, "*", SearchOption.AllDirectories).Where(file => new FileInfo(file).Length < 1 << 20).Select(File.ReadAllText));
        seen.ShouldNotContain(LfsServer.Key);
        seen.ShouldNotContain(GitServer.Password);
        seen.ShouldNotContain(LfsServer.Files);
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Closed && entry.Request == "git LFS from acme/shop" && entry.BytesIn == large.Length);
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Closed && entry.Request == "git LFS to acme/shop" && entry.BytesOut == large.Length);
    }

    [Fact]
    public async Task Where_only_a_clone_is_allowed_files_are_read_and_not_written()
    {
        await PushedAsync("hello");
        git.Allow("git:acme/shop");

        var work = await CloneAsync("reads");

        File.ReadAllText(Path.Combine(work, "file.bin")).ShouldBe("hello");
        await File.WriteAllTextAsync(Path.Combine(work, "file.bin"), "other", TestContext.Current.CancellationToken);
        (await git.GuestInAsync(work, "commit", "-qam", "other")).ShouldSucceed();
        var kept = server.Kept.Count;
        var push = await git.GuestInAsync(work, "lfs", "push", "origin", "main");
        push.ExitCode.ShouldNotBe(0);
        push.Error.ShouldContain("may be cloned and not pushed to");
        server.Kept.Count.ShouldBe(kept);
    }

    [Fact]
    public async Task Locks_are_refused_in_words_and_a_push_goes_on()
    {
        await PushedAsync("hello");
        var work = Path.Combine(git.GuestHome, "pushes");

        var locks = await git.GuestInAsync(work, "lfs", "locks");

        locks.ExitCode.ShouldNotBe(0);
        locks.Error.ShouldContain("locks of git LFS are not served");
    }

    [Fact]
    public async Task Another_file_than_the_repository_names_is_never_whole_inside()
    {
        await PushedAsync("hello");
        server.Serve = async context =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("EVIL!");
            return true;
        };

        var clone = await git.GuestAsync("clone", $"https://{git.Place}/acme/shop", "again");

        clone.ExitCode.ShouldNotBe(0);
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Failed && entry.Reason!.Contains("the hash differs", StringComparison.Ordinal));
        Directory.EnumerateFiles(git.GuestHome, "*", SearchOption.AllDirectories).ShouldAllBe(file => !File.ReadAllText(file).Contains("EVIL!", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_a_server_says_of_a_file_it_has_not_is_printed()
    {
        await PushedAsync("hello");
        server.Kept.Clear();

        (await git.GuestAsync("clone", $"https://{git.Place}/acme/shop", "again")).Error.ShouldContain("no such file");
    }

    private async Task PushedAsync(string content)
    {
        await git.ServeAsync("acme/shop");
        git.Allow("git+push:acme/shop");
        var work = await CloneAsync("pushes");
        await File.WriteAllTextAsync(Path.Combine(work, "file.bin"), content, TestContext.Current.CancellationToken);
        (await git.GuestInAsync(work, "lfs", "track", "*.bin")).ShouldSucceed();
        (await git.GuestInAsync(work, "add", "-A")).ShouldSucceed();
        (await git.GuestInAsync(work, "commit", "-q", "-m", "files")).ShouldSucceed();
        (await git.GuestInAsync(work, "push", "-q", "origin", "main")).ShouldSucceed();
        server.Kept.Count.ShouldBe(1);
    }

    private async Task<string> CloneAsync(string folder)
    {
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop", folder)).ShouldSucceed();
        return Path.Combine(git.GuestHome, folder);
    }
}
