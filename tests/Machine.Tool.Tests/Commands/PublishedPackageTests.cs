using System.IO.Compression;
using System.Xml.Linq;

namespace Machine.Tool.Tests.Commands;

/// <summary>What a feed shows of the packages.</summary>
public sealed class PublishedPackageTests
{
    public static TheoryData<string> Projects => ["src/Machine.Tool", "src/Machine.Build", "templates"];

    /// <summary>Those that a build packs; the tool's own project says the same in the same words.</summary>
    [Theory]
    [InlineData("src/Machine.Build")]
    [InlineData("templates")]
    public void A_package_has_an_icon_a_page_and_words_to_find_it_by(string project)
    {
        var folder = Directory.GetFiles(Path.Combine(CommandDocsTests.Root, project), "*.nupkg", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc).ShouldNotBeNull();
        using var package = ZipFile.OpenRead(folder);
        using var about = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        var said = XDocument.Load(about).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);

        package.GetEntry(said["icon"].Single()).ShouldNotBeNull().Length.ShouldBeInRange(100, 10_000);
        package.GetEntry(said["readme"].Single()).ShouldNotBeNull().Length.ShouldBeGreaterThan(500);
        said["tags"].Single().Split(' ').Length.ShouldBeGreaterThan(2);
        said["description"].Single().ShouldNotBeNullOrWhiteSpace();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_packed_project_names_its_page_and_its_words(string project)
    {
        var said = XDocument.Load(Directory.GetFiles(Path.Combine(CommandDocsTests.Root, project), "*.csproj").Single()).Descendants().Select(element => element.Name.LocalName).ToList();

        new[] { "PackageId", "Description", "PackageTags", "PackageReadmeFile" }.ShouldBeSubsetOf(said);
    }
}
