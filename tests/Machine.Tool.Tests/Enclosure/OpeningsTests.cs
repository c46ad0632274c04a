using Machine.Tool.Enclosure;

namespace Machine.Tool.Tests.Enclosure;

public sealed class OpeningsTests : IDisposable
{
    private readonly EnclosedProject project = new();

    public OpeningsTests()
    {
        new ProjectEnclosure(project.Project, project.Paths).Create();
    }

    public void Dispose() => project.Dispose();

    [Fact]
    public void An_enclosed_project_has_none_and_stays_as_it_is()
    {
        project.Write("src/a.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\" />");
        project.Write("src/b.csproj", "<Project><Import Project=\"Sdk.props\" Sdk=\"Microsoft.NET.Sdk\" /><PropertyGroup /></Project>");
        project.Write("src/c.proj", "<Project><Import Project=\"$(MSBuildThisFileDirectory)../Directory.Build.props\" /><Target Name=\"x\" /></Project>");

        Found().ShouldBeEmpty();
        new ProjectEnclosure(project.Project, project.Paths).Create().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("global.json", "{", "malformed")]
    [InlineData("global.json", "{ \"sdk\": { \"version\": \"ten\", \"paths\": [\".machine\"] } }", "malformed")]
    [InlineData("global.json", "{ \"sdk\": { \"version\": \"10.0.100\" } }", "host's SDK")]
    [InlineData("global.json", "{ \"sdk\": { \"version\": \"10.0.100\", \"paths\": [\".machine\", \"$host$\"] } }", "$host$")]
    [InlineData("src/global.json", "{}", "hides")]
    [InlineData("packages/A/global.json", "{}", "hides")]
    [InlineData("artifacts/global.json", "{}", "hides")]
    [InlineData("packages/A/Directory.Build.rsp", "-m", "hides")]
    [InlineData("TestResults/Directory.Build.rsp", "-m", "hides")]
    [InlineData("src/Directory.Build.rsp", "-m", "hides")]
    [InlineData("src/Directory.Build.props", "<Project />", "does not import")]
    [InlineData("Directory.Build.props", "<Project />", "does not stop")]
    [InlineData("Directory.Build.rsp", "# -%MACHINE_INSIDE_RSP%", "does not stop")]
    [InlineData("src/a.csproj", "<Project Sdk=\"X\"><PropertyGroup><ImportDirectoryBuildProps>false</ImportDirectoryBuildProps></PropertyGroup></Project>", "opts out")]
    [InlineData("src/a.csproj", "<Project Sdk=\"X\" InitialTargets=\"$([System.IO.File]::ReadAllText('x'))\" />", "before the net")]
    [InlineData("src/a.csproj", "<Project><Import Project=\"evil.props\" /><Import Project=\"Sdk.props\" Sdk=\"X\" /></Project>", "before its SDK's import")]
    [InlineData("src/a.proj", "<!-- Sdk=\"X\" --><Project />", "no SDK")]
    [InlineData("src/a.proj", "<Project><Target Name=\"x\" /></Project>", "no SDK")]
    [InlineData(".vscode/settings.json", "{}", "restores on the host")]
    [InlineData(".vscode/tasks.json", "{ \"runOn\": \"folderOpen\" }", "a task runs")]
    [InlineData("all.code-workspace", "{ \"settings\": { \"dotnet.projects.enableAutomaticRestore\": true } }", "restores on the host")]
    [InlineData("all.code-workspace", "{ /* mine */ \"tasks\": { \"tasks\": [{ \"runOptions\": { \"runOn\": \"folderOpen\" } }] }, }", "a task runs")]
    [InlineData(".machine/sdk/10.0.999/dotnet.dll", "evil", "foreign SDK")]
    public void Each_way_in_is_told_with_where_and_what_to_do(string file, string text, string meaning)
    {
        project.Write(file, text);

        var opening = Found().First(found => found.Meaning.Contains(meaning, StringComparison.Ordinal) || found.Where.Contains(meaning, StringComparison.Ordinal));

        Path.Combine(project.Root, file).Replace("tasks.json", "", StringComparison.Ordinal).ShouldStartWith(opening.Where.Replace("tasks.json", "", StringComparison.Ordinal));
        opening.Remedy.ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("omnisharp.sdkPath")]
    [InlineData("omnisharp.sdkVersion")]
    [InlineData("omnisharp.dotnetPath")]
    [InlineData("dotnet.dotnetPath")]
    [InlineData("dotnetAcquisitionExtension.existingDotnetPath")]
    [InlineData("dotnetAcquisitionExtension.sharedExistingDotnetPath")]
    public void An_editors_own_sdk_is_told_wherever_it_is_set(string setting)
    {
        var folder = project.Write(".vscode/settings.json", $$"""{ "dotnet.projects.enableAutomaticRestore": false, "{{setting}}": "/x" }""");
        var workspace = project.Write("all.code-workspace", $$"""{ "folders": [{ "path": "." }], "settings": { "{{setting}}": "/x" } }""");

        var found = Found();

        found.Select(opening => opening.Where).ShouldBe([folder, workspace]);
        found.ShouldAllBe(opening => opening.Meaning.StartsWith(setting + " ") && opening.Remedy == $"take {setting} out");
    }

    [Fact]
    public void A_workspace_that_sets_nothing_of_it_is_none()
    {
        project.Write("all.code-workspace", """{ "folders": [{ "path": "." }], "settings": { "editor.tabSize": 4 }, "tasks": {} }""");

        Found().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("<Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '$(MSBuildThisFileDirectory)../'))\" />")]
    [InlineData("<Import Project=\"$([MSBuild]::GetDirectoryNameOfFileAbove($(MSBuildThisFileDirectory).., Directory.Build.props))\\Directory.Build.props\" />")]
    [InlineData("<!-- first --><Import Project=\"..\\Directory.Build.props\" /><PropertyGroup />")]
    [InlineData("<Import Project=\"$(MSBuildThisFileDirectory)../Directory.Build.props\" />")]
    public void A_nested_file_that_imports_the_one_above_is_none(string import)
    {
        project.Write("src/Directory.Build.props", $"<Project>{import}</Project>");

        Found().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("<Project><Import Project=\"../eng/x.props\" /></Project>")]
    [InlineData("<Project><PropertyGroup><A>1</A></PropertyGroup><Import Project=\"../Directory.Build.props\" /></Project>")]
    [InlineData("<Project><Import Project=\"../Directory.Build.props\" Condition=\"false\" /></Project>")]
    [InlineData("<Project><Import Project=\"../../Directory.Build.props\" /></Project>")]
    [InlineData("<Project><Import Project=\"../none/../Directory.Build.props\" /></Project>")]
    [InlineData("<Project><Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props'))\" /></Project>")]
    [InlineData("<Project Sdk=\"Evil.Sdk\"><Import Project=\"../Directory.Build.props\" /></Project>")]
    [InlineData("<Project><!-- <Import Project=\"../Directory.Build.props\" /> --></Project>")]
    public void A_nested_file_that_does_not_begin_with_the_one_above_is_told(string text)
    {
        var file = project.Write("src/Directory.Build.props", text);
        File.WriteAllText(Path.Combine(project.Base, "Directory.Build.props"), "<Project />");

        Found().ShouldHaveSingleItem().Where.ShouldBe(file);
    }

    [Fact]
    public void A_missing_shim_and_an_old_muxer_are_told()
    {
        Directory.Delete(Path.Combine(project.Root, ".machine"), recursive: true);
        Directory.CreateDirectory(Path.Combine(project.Base, "old", "host", "fxr", "9.0.1"));

        var found = Openings.Of(project.Project, project.Paths, Path.Combine(project.Base, "old"));

        found.ShouldContain(opening => opening.Meaning.Contains("missing") && opening.Remedy == "dotnet-machine start");
        found.ShouldContain(opening => opening.Meaning.Contains("knows no sdk.paths"));
    }

    private IReadOnlyList<Opening> Found() => Openings.Of(project.Project, project.Paths, EnclosedProject.Host);
}
