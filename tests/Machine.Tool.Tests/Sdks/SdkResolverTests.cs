using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Machine.Tool.Hosting;
using Machine.Tool.Sdks;
using Machine.Tool.Tests.Images;

namespace Machine.Tool.Tests.Sdks;

public sealed class SdkResolverTests : IDisposable
{
    private static readonly string Suffix = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "linux-arm64.tar.gz" : "linux-x64.tar.gz";

    private readonly ImagesFolder home = new();

    public SdkResolverTests()
    {
        foreach (var file in new[]
        {
            "dotnet", "LICENSE.txt", "host/fxr/9.0.1/libhostfxr.so", "host/fxr/10.0.1/libhostfxr.so",
            "sdk/9.0.101/dotnet.dll", "sdk/10.0.101/dotnet.dll", "sdk/NuGetFallbackFolder/x",
            "shared/Microsoft.NETCore.App/8.0.22/x", "shared/Microsoft.NETCore.App/10.0.1/x", "shared/Microsoft.AspNetCore.App/10.0.1/x",
            "packs/Microsoft.NETCore.App.Ref/10.0.1/x", "packs/Microsoft.Android.Sdk.Linux/35.0.1/x",
            "templates/9.0.1/x", "templates/10.0.1/x", "sdk-manifests/9.0.100/x", "sdk-manifests/10.0.100/x", "library-packs/secret.nupkg",
        })
        {
            home.Write("dotnet-root/" + file);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(home.Home, "dotnet-root");

    private string Archives => Path.Combine(home.Home, "sdks");

    private string Project => Path.GetDirectoryName(home.Write("src/shop/Shop.sln"))!;

    public void Dispose() => home.Dispose();

    [Fact]
    public void The_nearest_global_json_above_the_project_decides()
    {
        home.Write("src/global.json", """{ "sdk": { "version": "9.0.100" } }""");

        var choice = Resolver().Resolve(Project, "global.json").ShouldNotBeNull();

        choice.Version.ShouldBe("9.0.101");
        choice.Why.ShouldContain("9.0.100");
        choice.Source.ShouldBe(new HostSdk(Root, "9.0.101"));
    }

    [Fact]
    public void An_exact_version_in_the_Machinefile_comes_before_global_json()
    {
        home.Write("src/global.json", """{ "sdk": { "version": "9.0.100" } }""");

        Resolver().Resolve(Project, "10.0.101").ShouldNotBeNull().Version.ShouldBe("10.0.101");
        Should.Throw<MachineException>(() => Resolver().Resolve(Project, "10.0.100")).Message.ShouldContain("9.0.101");
        Should.Throw<MachineException>(() => Resolver().Resolve(Project, "newest")).Message.ShouldContain("newest");
    }

    [Fact]
    public void None_is_none() => Resolver().Resolve(Project, "none").ShouldBeNull();

    [Fact]
    public void Only_this_sdk_is_copied_with_every_runtime_and_no_workload()
    {
        var entries = new HostSdk(Root, "10.0.101").Entries();

        entries.ShouldBe(
        [
            "dotnet", "LICENSE.txt", "host/fxr/10.0.1", "host/fxr/9.0.1", "sdk/10.0.101",
            "shared/Microsoft.AspNetCore.App/10.0.1", "shared/Microsoft.NETCore.App/10.0.1", "shared/Microsoft.NETCore.App/8.0.22",
            "packs/Microsoft.NETCore.App.Ref/10.0.1", "templates/10.0.1", "sdk-manifests/10.0.100",
        ]);
    }

    [Fact]
    public async Task An_archive_is_used_when_no_installed_sdk_fits()
    {
        home.Write("src/global.json", """{ "sdk": { "version": "10.0.200" } }""");
        var archive = Archive("10.0.205", checksum: true);

        var choice = Resolver().Resolve(Project, "global.json").ShouldNotBeNull();
        choice.Source.ShouldBe(new ArchiveSdk(archive, "10.0.205"));
        await choice.Source.StageAsync(home.Home, Cancel);

        (await File.ReadAllTextAsync(Path.Combine(home.Home, "sdk.tar.gz"), Cancel)).ShouldBe("archive");
    }

    [Fact]
    public async Task An_archive_that_is_not_what_its_checksum_says_is_refused()
    {
        var archive = Archive("10.0.205", checksum: true);
        await File.AppendAllTextAsync(archive, "!", Cancel);

        (await Should.ThrowAsync<MachineException>(() => new ArchiveSdk(archive, "10.0.205").StageAsync(home.Home, Cancel))).Message.ShouldContain("checksum");
        File.Exists(Path.Combine(home.Home, "sdk.tar.gz")).ShouldBeFalse();
    }

    [Fact]
    public async Task An_archive_without_a_checksum_is_refused()
    {
        var archive = Archive("10.0.205", checksum: false);

        (await Should.ThrowAsync<MachineException>(() => new ArchiveSdk(archive, "10.0.205").StageAsync(home.Home, Cancel))).Remedy!.ShouldContain(".sha512");
        await File.WriteAllTextAsync(archive + ".sha512", "d41d8cd98f00b204e9800998ecf8427e", Cancel);
        (await Should.ThrowAsync<MachineException>(() => new ArchiveSdk(archive, "10.0.205").StageAsync(home.Home, Cancel))).Message.ShouldContain("SHA-512");
    }

    [Fact]
    public void A_host_of_another_system_needs_the_archive_of_the_version_it_would_use()
    {
        home.Write("src/global.json", """{ "sdk": { "version": "10.0.100" } }""");
        var resolver = new SdkResolver(Root, Archives, sameSystem: false);

        var refusal = Should.Throw<MachineException>(() => resolver.Resolve(Project, "global.json"));
        refusal.Remedy!.ShouldContain($"dotnet-sdk-10.0.101-{Suffix}");
        refusal.Remedy!.ShouldContain(Archives);

        var archive = Archive("10.0.101", checksum: true);
        resolver.Resolve(Project, "global.json").ShouldNotBeNull().Source.ShouldBe(new ArchiveSdk(archive, "10.0.101"));
    }

    [Fact]
    public void Where_nothing_fits_the_message_names_what_is_there_and_where_to_put_what_is_not()
    {
        home.Write("src/global.json", """{ "sdk": { "version": "7.0.400" } }""");

        var refusal = Should.Throw<MachineException>(() => Resolver().Resolve(Project, "global.json"));

        refusal.Message.ShouldContain("7.0.400");
        refusal.Message.ShouldContain("10.0.101, 9.0.101");
        refusal.Remedy!.ShouldContain(Archives);
    }

    [Fact]
    public void The_hosts_own_dotnet_is_found() =>
        Directory.Exists(Path.Combine(DotnetRoot.Find().ShouldNotBeNull(), "sdk")).ShouldBeTrue();

    private SdkResolver Resolver() => new(Root, Archives, sameSystem: true);

    private string Archive(string version, bool checksum)
    {
        var file = home.Write($"sdks/dotnet-sdk-{version}-{Suffix}", "archive");
        if (checksum)
        {
            File.WriteAllText(file + ".sha512", Convert.ToHexString(SHA512.HashData(File.ReadAllBytes(file))) + $"  {Path.GetFileName(file)}\n");
        }

        return file;
    }
}
