namespace Machine.Tool.Tests.Enclosure;

/// <summary>Repositories that run code, or read a file, as soon as MSBuild on the host evaluates or builds them.</summary>
internal static class HostileProjects
{
    public static readonly string[] Kinds = ["initial-targets", "package-props", "property-function", "opt-out", "no-sdk", "analyzer"];

    /// <summary>Writes one below <c>src/</c>; returns its project file.</summary>
    public static string Write(EnclosedProject project, string kind)
    {
        var read = $"<Stolen>$([System.IO.File]::ReadAllText('{project.Secret}'))</Stolen>";
        var evil = $"<Target Name=\"Evil\" BeforeTargets=\"Restore;Build;_GetRestoreSettings;CollectPackageReferences;ComputeRunArguments\"><WriteLinesToFile File=\"{project.Canary}\" Lines=\"x\" /></Target>";
        const string Properties = "<TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType>";
        project.Write("src/Program.cs", "System.Console.WriteLine(1);");
        switch (kind)
        {
            case "package-props":
                // What restoring a package leaves behind, and the SDK imports from then on.
                project.Write("src/obj/evil.csproj.nuget.g.props", $"<Project><PropertyGroup>{read}</PropertyGroup></Project>");
                project.Write("src/obj/evil.csproj.nuget.g.targets", $"<Project InitialTargets=\"Evil\">{evil}</Project>");
                return project.Write("src/evil.csproj", $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>{Properties}</PropertyGroup></Project>");
            case "property-function":
                return project.Write("src/evil.csproj", $"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>{Properties}{read}</PropertyGroup></Project>");
            case "opt-out":
                return project.Write("src/evil.csproj", $"""
                    <Project InitialTargets="Evil">
                      <PropertyGroup><ImportDirectoryBuildProps>false</ImportDirectoryBuildProps>{read}</PropertyGroup>
                      <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
                      <PropertyGroup>{Properties}</PropertyGroup>
                      {evil}
                      <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
                    </Project>
                    """);
            case "no-sdk":
                return project.Write("src/evil.csproj", $"<Project InitialTargets=\"Evil\" DefaultTargets=\"Build\"><PropertyGroup>{read}</PropertyGroup>{evil}<Target Name=\"Build\" /><Target Name=\"Restore\" /></Project>");
            case "analyzer":
                // An analyzer and a generator are a library that the compiler loads; the task that would, stands for them.
                return project.Write("src/evil.csproj", $"""
                    <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>{Properties}{read}</PropertyGroup>
                      <ItemGroup><Analyzer Include="$(MSBuildProjectDirectory)/evil.dll" /></ItemGroup>
                      <Target Name="Evil" BeforeTargets="CoreCompile"><WriteLinesToFile File="{project.Canary}" Lines="x" /></Target>
                    </Project>
                    """);
            default:
                return project.Write("src/evil.csproj", $"<Project Sdk=\"Microsoft.NET.Sdk\" InitialTargets=\"Evil\"><PropertyGroup>{Properties}</PropertyGroup>{evil}</Project>");
        }
    }
}
