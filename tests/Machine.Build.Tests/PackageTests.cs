using System.IO.Compression;

namespace Machine.Build.Tests;

public sealed class PackageTests
{
    [Fact]
    public async Task The_package_holds_the_tasks_with_their_documentation()
    {
        await using var package = await ZipFile.OpenReadAsync(Repository.Package, TestContext.Current.CancellationToken);
        using var documentation = new StreamReader(await package.GetEntry("tools/Machine.Build.xml").ShouldNotBeNull().OpenAsync(TestContext.Current.CancellationToken));

        package.Entries.Select(entry => entry.FullName).Where(name => name.StartsWith("tools/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(["tools/Machine.Build.dll", "tools/Machine.Build.xml"]);
        (await documentation.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain("T:Machine.Build.MachineExec");
    }
}
