using Machine.Tool.Workspaces;

namespace Machine.Tool.Tests.Workspaces;

public sealed class FileClockTests
{
    [Fact]
    public void A_file_written_later_never_looks_older()
    {
        var file = Path.GetTempFileName();
        try
        {
            for (var i = 0; i < 2000; i++)
            {
                var before = FileClock.Now;
                File.WriteAllText(file, "x");
                new DateTimeOffset(File.GetLastWriteTimeUtc(file)).ShouldBeGreaterThanOrEqualTo(before);
            }
        }
        finally
        {
            File.Delete(file);
        }
    }
}
