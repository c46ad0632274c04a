using Machine.Tool.Workspaces.Host;


namespace Machine.Tool.Tests.Workspaces.Host;

public sealed class FileClockTests
{
    [Fact]
    public async Task What_is_written_before_is_earlier_and_what_is_written_after_is_not()
    {
        var folder = Directory.CreateTempSubdirectory("machine-clock-");
        try
        {
            var clock = new FileClock(folder.FullName);
            for (var i = 0; i < 1000; i++)
            {
                // New files and old ones, looked at and not: each kind is stamped in another way.
                var before = Write(folder, $"before{i % 7}", look: i % 2 == 0);
                var now = await clock.NowAsync(TestContext.Current.CancellationToken);
                var after = Write(folder, $"after{i % 5}", look: i % 3 == 0);
                before.ShouldBeLessThan(now);
                after.ShouldBeGreaterThanOrEqualTo(now);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static DateTimeOffset Write(DirectoryInfo folder, string name, bool look)
    {
        var file = Path.Combine(folder.FullName, name);
        if (look)
        {
            _ = File.GetLastWriteTimeUtc(file);
        }

        File.WriteAllText(file, "x");
        return new DateTimeOffset(File.GetLastWriteTimeUtc(file));
    }
}
