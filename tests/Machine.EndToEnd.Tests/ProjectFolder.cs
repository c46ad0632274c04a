using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Machine.EndToEnd.Tests;

/// <summary>A project in a temporary folder, with a machine that is destroyed with it.</summary>
public sealed class ProjectFolder : IAsyncDisposable
{
    private const string Prefix = "machine-e2e-";

    private readonly string top;

    public ProjectFolder(string name = "project", string machinefile = "")
    {
        top = Directory.CreateTempSubdirectory(Prefix).FullName;
        Path = System.IO.Path.Combine(top, name);
        Directory.CreateDirectory(Path);
        Write("Machinefile", Rig.Machinefile(machinefile));
    }

    public string Path { get; }

    /// <summary>What runs the tool for this project, where it is not run as it is.</summary>
    public IReadOnlyList<string> Within { get; init; } = [];

    /// <summary>Whether a machine's project was made by a test, of this run or an earlier one.</summary>
    public static bool IsOne(string? project) => project is not null && project.Split('/', '\\').Any(part => part.StartsWith(Prefix, StringComparison.Ordinal));

    /// <summary>The repository's samples, for tests that build one.</summary>
    public static string Samples { get; } = FindUpwards("samples");

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public void Write(string relative, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[relative])!);
        File.WriteAllText(this[relative], content);
    }

    /// <summary>Builds the image that machines of such a Machinefile start from, where nothing but packages is asked for.</summary>
    /// <param name="trusted">The certificates that this host trusts: an image has them, and is another one with others. Null: as it is.</param>
    public static async Task BuildImageAsync(string machinefile, string? trusted, int minutes = 15)
    {
        await using var project = new ProjectFolder("image", machinefile);
        (await ToolRun.RunAsync(project.Path, ["image", "build"], environment: trusted is null ? null : new Dictionary<string, string?> { ["SSL_CERT_FILE"] = trusted }, minutes: minutes)).ShouldSucceed();
    }

    /// <summary>A file with what this host trusts and one certificate more, for SSL_CERT_FILE.</summary>
    public static string Trusting(X509Certificate2 certificate)
    {
        var file = System.IO.Path.Combine(Directory.CreateTempSubdirectory("machine-e2e-trust-").FullName, "trusted.pem");
        var own = Environment.GetEnvironmentVariable("SSL_CERT_FILE") is { Length: > 0 } set ? set : "/etc/ssl/certs/ca-certificates.crt";
        File.WriteAllText(file, (File.Exists(own) ? File.ReadAllText(own) + "\n" : "") + certificate.ExportCertificatePem());
        return file;
    }

    public Task<ToolResult> RunAsync(params string[] arguments) => ToolRun.RunAsync(Path, arguments, within: Within);

    public Task<ToolResult> ExecAsync(params string[] command) => ToolRun.RunAsync(Path, ["exec", "--", .. command], within: Within);

    /// <summary>A script for the guest's shell, as its root.</summary>
    public Task<ToolResult> RootAsync(string script) => ExecAsync(Environment.UserName == "root" ? ["sh", "-c", script] : ["sudo", "sh", "-c", script]);

    /// <summary>A program of the host, in the project's folder.</summary>
    /// <returns>Its output.</returns>
    public Task<string> HostAsync(string program, params string[] arguments) => HostInAsync(Path, program, arguments);

    /// <inheritdoc cref="HostAsync"/>
    public static async Task<string> HostInAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output);
        return output;
    }

    /// <summary>Makes this project one of the repository's samples, committed to a git repository of its own.</summary>
    public async Task TakeSampleAsync(string name)
    {
        CopyFolder(System.IO.Path.Combine(Samples, name), Path);
        await HostAsync("git", "init", "-q");
        await HostAsync("git", "add", "-A");
        await HostAsync("git", "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-q", "-m", $"the {name}");
    }

    /// <summary>A port of this host that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = System.IO.Path.GetRelativePath(from, file);
            var parts = relative.Split('/', '\\');
            if (parts.Contains("bin") || parts.Contains("obj"))
            {
                continue;
            }

            var target = System.IO.Path.Combine(to, relative);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(this["Machinefile"]))
        {
            await ToolRun.RunAsync(Path, ["destroy", "--yes"], within: Within);
        }

        Directory.Delete(top, recursive: true);
    }

    private static string FindUpwards(string name)
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            var candidate = System.IO.Path.Combine(folder, name);
            if (Directory.Exists(candidate) && File.Exists(System.IO.Path.Combine(folder, "Machine.sln")))
            {
                return candidate;
            }
        }

        throw new InvalidOperationException("the tests run outside the repository");
    }
}
