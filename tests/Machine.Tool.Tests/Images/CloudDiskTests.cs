using System.Security.Cryptography;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Cloud;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Images;

/// <summary>Disks that others made: what they say about themselves is not believed.</summary>
public sealed class CloudDiskTests : IDisposable
{
    private readonly ImagesFolder home = new();
    private readonly string folder;

    public CloudDiskTests()
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "qemu-img is not installed");
        folder = Directory.CreateDirectory(Path.Combine(home.Home, "build")).FullName;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Copy => Path.Combine(folder, "base.qcow2");

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_disk_is_copied_and_its_size_read()
    {
        var disk = await DiskAsync("disk.qcow2", "3M");
        var copy = await FetchAsync(disk, Hash(disk));
        copy.ShouldBe(new DiskFile(Copy, "qcow2"));
        File.ReadAllBytes(Copy).ShouldBe(File.ReadAllBytes(disk));
        (await QcowHeader.SizeAsync(Copy, Cancel)).ShouldBe(3L << 20);
    }

    [Fact]
    public async Task A_disk_is_downloaded()
    {
        var disk = await DiskAsync("disk.qcow2", "3M");
        await using var server = await TestServer.StartAsync(endpoints => endpoints.MapGet("/a/base.qcow2", context => context.Response.SendFileAsync(disk)));
        await FetchAsync(new Uri(server.Address, "a/base.qcow2").ToString(), Hash(disk));
        File.ReadAllBytes(Copy).ShouldBe(File.ReadAllBytes(disk));
    }

    [Fact]
    public async Task Another_content_is_refused_with_both_checksums()
    {
        var disk = await DiskAsync("disk.qcow2", "3M");
        var failure = await RefusedAsync(disk, new string('a', 64));
        failure.ShouldContain(disk);
        failure.ShouldContain(new string('a', 64));
        failure.ShouldContain(Hash(disk));
    }

    [Fact]
    public async Task A_disk_that_reads_another_file_of_this_host_is_refused()
    {
        var below = await DiskAsync("below.qcow2", "3M");
        var disk = Path.Combine(home.Home, "above.qcow2");
        await HostProgram.RunAsync(HostProgram.Require("qemu-img", "qemu-utils"), ["create", "-q", "-f", "qcow2", "-b", below, "-F", "qcow2", disk], Cancel);
        (await RefusedAsync(disk, Hash(disk))).ShouldContain("another file of this host");
    }

    [Fact]
    public async Task What_is_no_qcow2_is_refused()
    {
        var page = home.Write("page.html", "<html>sign in, please</html>" + new string(' ', 200));
        (await RefusedAsync(page, Hash(page))).ShouldContain("is not a qcow2 disk");
    }

    [Fact]
    public async Task A_download_that_fails_is_told_with_its_address()
    {
        await using var server = await TestServer.StartAsync(endpoints => endpoints.MapGet("/cut", async context =>
        {
            context.Response.ContentLength = 1000;
            await context.Response.Body.WriteAsync(new byte[10]);
            context.Abort();
        }));
        var missing = new Uri(server.Address, "missing.qcow2").ToString();
        var failure = await RefusedAsync(missing, new string('a', 64));
        failure.ShouldContain(missing);
        failure.ShouldContain("404");
        (await RefusedAsync(new Uri(server.Address, "cut").ToString(), new string('a', 64))).ShouldContain("could not be downloaded");
        (await RefusedAsync("http://127.0.0.1:9/base.qcow2", new string('a', 64))).ShouldContain("refused");
    }

    private async Task<string> DiskAsync(string name, string size)
    {
        var disk = Path.Combine(home.Home, name);
        await HostProgram.RunAsync(HostProgram.Require("qemu-img", "qemu-utils"), ["create", "-q", "-f", "qcow2", disk, size], Cancel);
        return disk;
    }

    private Task<DiskFile> FetchAsync(string source, string sha256) => CloudDisk.FetchAsync(source, sha256, folder, new RecordedProgress(), Cancel);

    private async Task<string> RefusedAsync(string source, string sha256) => (await Should.ThrowAsync<MachineException>(() => FetchAsync(source, sha256))).Message;

    private static string Hash(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
}
