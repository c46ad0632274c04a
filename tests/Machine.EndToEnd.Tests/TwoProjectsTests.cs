using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Machine.EndToEnd.Tests;

/// <summary>
/// Two projects of one user, in real machines that share what is shared: the image with its tools, the template, the fetched packages.
/// The first is hostile, and builds all of them.
/// </summary>
[Collection(SharedMachineTests.Name)]
public sealed class TwoProjectsTests : IAsyncLifetime
{
    private const string Canary = "canary-7c1f0d5e9b";
    private const string Search = $"grep -rsF --files-with-matches {Canary} /etc /root /usr/local /usr/lib/machine /var/lib /opt /home";
    private const string Machinefile = "tools: { dotnet: [dotnet-ef] }\nidle: never\n";

    private readonly ProjectFolder hostile = new("hostile", Machinefile);
    private readonly ProjectFolder honest = new("honest", Machinefile);
    private readonly string home = Directory.CreateTempSubdirectory("machine-e2e-home-").FullName;
    private readonly ConcurrentQueue<string> connections = [];
    private WebApplication server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(async context =>
        {
            connections.Enqueue(context.Request.Path);
            context.Response.StatusCode = context.Request.Path == "/v3/index.json" ? 200 : 404;
            await context.Response.WriteAsync($$"""{"version":"3.0.0","resources":[{"@id":"{{server.Urls.Single()}}/flat/","@type":"PackageBaseAddress/3.0.0"}]}""", Cancel);
        });
        await server.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var project in new[] { hostile, honest })
        {
            await RunAsync(project, "destroy", "--yes");
            await project.DisposeAsync();
        }

        await server.DisposeAsync();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public async Task Nothing_of_a_hostile_project_is_in_what_another_one_gets()
    {
        Slow.SkipUnlessAsked();
        WriteHostile();
        WriteApp(honest, "Newtonsoft.Json", "13.0.*");

        (await RunAsync(hostile, "plan")).ShouldSucceed().Output.ShouldContain("reads the folder ./evil");
        foreach (var command in new[] { "start", "build", "image warm" })
        {
            (await RunAsync(hostile, command.Split(' '))).ExitCode.ShouldBe(125, command);
        }

        connections.ShouldBeEmpty();

        // Everything is agreed to, and root inside does what root can.
        (await RunAsync(hostile, "start", "--approve")).ShouldSucceed();
        (await RunAsync(hostile, "build")).ShouldSucceed();
        (await RunAsync(hostile, "exec", "--", "cat", "/root/built")).ShouldSucceed().Output.ShouldContain(Canary);
        (await RunAsync(hostile, "exec", "--", "sh", "-c", $"for file in /etc/profile.d/x.sh /usr/local/bin/x /usr/lib/machine/x /var/lib/x; do echo {Canary} >$file || exit 1; done; sync")).ShouldSucceed();
        connections.ShouldNotBeEmpty();
        connections.Clear();
        (await RunAsync(hostile, "image", "warm")).ShouldSucceed();
        connections.ShouldBeEmpty("what is shared is made without the project's sources");
        (await RunAsync(hostile, "exec", "--", "sh", "-c", Search)).Output.ShouldContain("/root/built");

        // It is found where it may be, so that it would be found elsewhere.
        Holding("machines").ShouldNotBeEmpty();
        Holding("images").ShouldBeEmpty();
        Holding("templates").ShouldBeEmpty();
        Holding("tools").ShouldBeEmpty();
        Directory.EnumerateDirectories(Path.Combine(home, "templates")).Where(folder => !Path.GetFileName(folder).StartsWith('.')).ShouldHaveSingleItem();

        (await RunAsync(honest, "start")).ShouldSucceed();
        (await StatusAsync(honest)).GetProperty("template").GetString().ShouldNotBeNullOrEmpty("it thaws from what the hostile project had made");
        (await RunAsync(honest, "build")).ShouldSucceed();
        var restored = (await RunAsync(honest, "exec", "--", "sh", "-c", "ls /root/.nuget/packages/newtonsoft.json \"$NUGET_PACKAGES/newtonsoft.json\" 2>/dev/null; dotnet-ef --version")).ShouldSucceed().Output;
        restored.ShouldContain("13.0.");
        restored.ShouldNotContain("13.0.999");
        restored.ShouldNotContain("99.0.0");
        (await RunAsync(honest, "exec", "--", "sh", "-c", Search)).Output.ShouldBeEmpty();

        // What only the hostile project's folder has is not there for the other, though this host has fetched it once.
        WriteApp(honest, "Canary.Package", "1.0.0");
        (await RunAsync(honest, "restore")).Output.ShouldContain("NU1101");
        connections.ShouldBeEmpty();
    }

    private void WriteHostile()
    {
        WriteApp(hostile, "Canary.Package", "1.0.0", "Newtonsoft.Json", "13.0.999");
        hostile.Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="evil" value="{server.Urls.Single()}/v3/index.json" allowInsecureConnections="true" />
                <add key="here" value="./evil" />
              </packageSources>
            </configuration>
            """);
        hostile.Write("packages.lock.json", """{ "version": 1, "dependencies": { "net10.0": { "Newtonsoft.Json": { "type": "Transitive", "resolved": "13.0.999", "contentHash": "AA==" } } } }""");
        Directory.CreateDirectory(hostile["evil"]);
        AddPackage("Canary.Package", "1.0.0");
        AddPackage("Newtonsoft.Json", "13.0.999");
        AddPackage("dotnet-ef", "99.0.0");
    }

    // Names and versions in turn.
    private static void WriteApp(ProjectFolder project, params string[] packages)
    {
        project.Write("App/App.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType></PropertyGroup>
              <ItemGroup>{string.Concat(packages.Chunk(2).Select(pair => $"<PackageReference Include=\"{pair[0]}\" Version=\"{pair[1]}\" />"))}</ItemGroup>
            </Project>
            """);
        project.Write("App/Program.cs", "System.Console.WriteLine();\n");
        project.Write("App.slnx", "<Solution><Project Path=\"App/App.csproj\" /></Solution>\n");
    }

    // Its targets run in each build that takes it.
    private void AddPackage(string id, string version)
    {
        var targets = $"<Project><Target Name=\"{id.Replace('.', '_')}\" BeforeTargets=\"CoreCompile\"><Exec Command=\"echo {Canary} &gt;&gt; /root/built\" /></Target></Project>";
        using var package = ZipFile.Open(Path.Combine(hostile["evil"], $"{id}.{version}.nupkg"), ZipArchiveMode.Create);
        Add($"{id}.nuspec", $"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata><id>{id}</id><version>{version}</version><authors>somebody</authors><description>{Canary}</description></metadata>
            </package>
            """);
        Add($"build/netstandard2.0/{id}.targets", targets);
        Add("lib/netstandard2.0/_._", "");

        void Add(string name, string text)
        {
            using var writer = new StreamWriter(package.CreateEntry(name, CompressionLevel.NoCompression).Open());
            writer.Write(text);
        }
    }

    private List<string> Holding(string folder) =>
        [.. Directory.EnumerateFiles(Path.Combine(home, folder), "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal) && new FileInfo(file).LinkTarget is null && Holds(file))];

    private static bool Holds(string path)
    {
        var words = Encoding.ASCII.GetBytes(Canary);
        using var file = File.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var buffer = new byte[1 << 20];
        var kept = 0;
        for (int read; (read = file.Read(buffer, kept, buffer.Length - kept)) > 0;)
        {
            var seen = buffer.AsSpan(0, kept + read);
            if (seen.IndexOf(words) >= 0)
            {
                return true;
            }

            kept = Math.Min(words.Length - 1, seen.Length);
            seen[^kept..].CopyTo(buffer);
        }

        return false;
    }

    private async Task<JsonElement> StatusAsync(ProjectFolder project) => JsonDocument.Parse((await RunAsync(project, "status", "--json")).ShouldSucceed().Output).RootElement;

    private Task<ToolResult> RunAsync(ProjectFolder project, params string[] arguments) =>
        ToolRun.RunAsync(project.Path, arguments, environment: new Dictionary<string, string?> { ["MACHINE_HOME"] = home }, minutes: 40);
}
