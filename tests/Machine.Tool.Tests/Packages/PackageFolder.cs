using System.Text;
using NuGet.Frameworks;
using NuGet.Packaging;
using NuGet.Packaging.Core;
using NuGet.Versioning;

namespace Machine.Tool.Tests.Packages;

/// <summary>Makes real packages, in a folder that NuGet takes as a source.</summary>
internal static class PackageFolder
{
    /// <summary>A package that was published so long ago: a folder's date is that of its file.</summary>
    public static byte[] AddAged(string folder, string id, string version, TimeSpan age)
    {
        var path = Add(folder, id, version, content: $"{id} {version}");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
        return File.ReadAllBytes(path);
    }

    public static string Add(string folder, string id, string version, string? dependency = null, string content = "content")
    {
        Directory.CreateDirectory(folder);
        var builder = new PackageBuilder
        {
            Id = id,
            Version = NuGetVersion.Parse(version),
            Description = "made by a test",
        };
        builder.Authors.Add("a test");
        builder.TargetFrameworks.Add(NuGetFramework.Parse("netstandard2.0"));
        if (dependency?.Split(' ') is [var name, var range])
        {
            builder.DependencyGroups.Add(new PackageDependencyGroup(
                NuGetFramework.Parse("netstandard2.0"), [new PackageDependency(name, VersionRange.Parse(range))]));
        }

        using var text = new MemoryStream(Encoding.UTF8.GetBytes(content));
        builder.Files.Add(new PhysicalPackageFile(text) { TargetPath = "lib/netstandard2.0/_._" });
        var path = Path.Combine(folder, $"{id}.{builder.Version.ToNormalizedString()}.nupkg");
        using var file = File.Create(path);
        builder.Save(file);
        return path;
    }
}
