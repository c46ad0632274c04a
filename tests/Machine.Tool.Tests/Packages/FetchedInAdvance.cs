using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class FetchedInAdvance
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_lock_files_name_is_in_the_store_before_it_is_asked_for()
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Direct", "1.0.0");
        PackageFolder.Add(packages.Path, "Indirect", "2.1.0");
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())]);
        Write(feed.Folder.Folder("src/App"), """
            { "version": 1, "dependencies": { "net10.0": {
                "Direct": { "type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "contentHash": "x" },
                "Indirect": { "type": "Transitive", "resolved": "2.1.0" },
                "Gone": { "type": "Transitive", "resolved": "9.9.9" },
                "../evil": { "type": "Transitive", "resolved": "1.0.0" },
                "lib": { "type": "Project", "dependencies": { "Direct": "[1.0.0, )" } } } } }
            """);

        await feed.FetchAsync(LockedPackages.Below(feed.Folder.Path));

        feed.Kept.Count().ShouldBe(2);
        feed.Entered.ShouldBe("", "nothing has entered the machine yet");
        registry.Server.Up = false;
        (await feed.DownloadAsync("indirect", "2.1.0")).ShouldNotBeEmpty();
        (await feed.DownloadAsync("direct", "1.0.0")).ShouldNotBeEmpty();
    }

    [Fact]
    public void Each_package_is_named_once_and_what_is_no_lock_file_is_passed_over()
    {
        using var project = new TestFolder();
        Write(project.Path, """{ "dependencies": { "net8.0": { "A": { "resolved": "1.0.0" } }, "net10.0": { "A": { "resolved": "1.0.0" }, "B": { "resolved": "2.0.0" } } } }""");
        Write(project.Folder("broken"), "{ \"dependencies\": [");
        Write(project.Folder("list"), "[]");
        Write(project.Folder("strange"), """{ "dependencies": { "net8.0": { "C": "1.0.0" }, "net9.0": 3 } }""");
        Write(project.Folder("obj"), """{ "dependencies": { "net8.0": { "D": { "resolved": "1.0.0" } } } }""");
        Write(project.Folder("a/b"), """{ "dependencies": { "net8.0": { "E": { "resolved": "3.0.0" } } } }""");

        LockedPackages.Below(project.Path).Order().ShouldBe([("A", "1.0.0"), ("B", "2.0.0"), ("E", "3.0.0")]);
        LockedPackages.Below(project["nowhere"]).ShouldBeEmpty();
    }

    private static void Write(string folder, string text) => File.WriteAllText(Path.Combine(folder, "packages.lock.json"), text);
}
