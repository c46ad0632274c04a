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

    [Theory]
    [InlineData("<TargetFramework>net10.0</TargetFramework>")]
    [InlineData("<TargetFrameworks>net10.0;net10.0-windows</TargetFrameworks>")]
    public async Task A_package_reference_gives_the_tasks_and_forwards_nothing(string frameworks)
    {
        using var repository = new Repository().Write("Directory.Build.props", "<Project />").WithLibrary(frameworks: frameworks, more: $"""
            <ItemGroup><PackageReference Include="Machine.Build" Version="{Repository.Version}" PrivateAssets="all" /></ItemGroup>
            <Target Name="Mine" AfterTargets="Build" Condition="'$(IsCrossTargetingBuild)' == 'true' or '$(TargetFrameworks)' == ''">
              <MachineExec Arguments="printenv;MACHINE_INSIDE" ConsoleToMSBuild="true">
                <Output TaskParameter="ConsoleOutput" PropertyName="Said" />
              </MachineExec>
              <Message Importance="high" Text="said=[$(Said)]" />
            </Target>
            """);

        var build = await repository.DotnetAsync("build", "Lib");

        build.ShouldSucceed().Output.ShouldContain("said=[1]");
        repository.Requests.ShouldBe(["exec|--|printenv|MACHINE_INSIDE"]);
        repository.Compiled("Lib").ShouldAllBe(line => line.StartsWith("[] Lib", StringComparison.Ordinal));
        repository.Compiled("Lib").ShouldNotBeEmpty();
        Directory.GetFiles(repository["Lib/bin"], "Machine.Build.dll", SearchOption.AllDirectories).ShouldBeEmpty("nothing is left of it in the output");
    }
}
