using System.Diagnostics;
using System.Text;
using NuGet.Frameworks;
using NuGet.Packaging;
using NuGet.Versioning;

namespace Machine.Attacks.Tests.OtherProject;

/// <summary>A package whose build files write a canary when they are evaluated or built.</summary>
internal static class HostilePackage
{
    public static void Add(string folder, string id, string version, string canary)
    {
        var targets = $"<Project><Target Name=\"Canary\" BeforeTargets=\"BeforeBuild;PrepareForBuild;CoreCompile\"><Exec Command=\"id &gt;&gt; {canary}\" /></Target></Project>";
        var builder = new PackageBuilder { Id = id, Version = NuGetVersion.Parse(version), Description = "evil" };
        builder.Authors.Add("evil");
        builder.TargetFrameworks.Add(NuGetFramework.Parse("netstandard2.0"));
        builder.Files.Add(new PhysicalPackageFile(new MemoryStream(Encoding.UTF8.GetBytes(targets))) { TargetPath = $"build/netstandard2.0/{id}.targets" });
        builder.Files.Add(new PhysicalPackageFile(new MemoryStream([1])) { TargetPath = "lib/netstandard2.0/_._" });
        using var file = File.Create(Path.Combine(folder, $"{id}.{version}.nupkg"));
        builder.Save(file);
    }

    public static async Task<(int ExitCode, string Said)> RunAsync(string script, Dictionary<string, string> variables)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}
