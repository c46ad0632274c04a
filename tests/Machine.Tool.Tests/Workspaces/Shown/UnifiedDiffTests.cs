using System.Diagnostics;
using FsCheck.Fluent;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Tests.Workspaces.Shown;

public sealed class UnifiedDiffTests
{
    [Fact]
    public void A_new_and_a_deleted_file_stand_against_nothing()
    {
        UnifiedDiff.Create("a", null, "x\n").ShouldBe("--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n");
        UnifiedDiff.Create("a", "x", null).ShouldBe("--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n");
    }

    [Fact]
    public void Changed_line_ends_are_shown() => UnifiedDiff.Create("a", "x\n", "x\r\n").ShouldContain("+x\\r\n");

    [Fact]
    public void Two_files_with_nothing_in_common_do_not_take_long()
    {
        var clock = Stopwatch.StartNew();
        var text = UnifiedDiff.Create("a", string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n")), string.Concat(Enumerable.Range(0, 20_000).Select(i => $"x{i}\n")));
        text.Split('\n').Length.ShouldBeGreaterThan(40_000);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    /// <summary>The system's patch is the judge.</summary>
    [Fact]
    public async Task Patch_makes_the_one_from_the_other()
    {
        if (HostProgram.Find("patch") is not { } patch)
        {
            Assert.Skip("patch is not installed");
            return;
        }

        var folder = Directory.CreateTempSubdirectory("machine-diff-");
        try
        {
            foreach (var seed in Enumerable.Range(0, 40))
            {
                var random = new Random(seed);
                var before = Text(random, 40);
                var after = seed % 2 == 0 ? Text(random, 40) : Edited(random, before);
                var file = Path.Combine(folder.FullName, "f");
                await File.WriteAllTextAsync(file, before, TestContext.Current.CancellationToken);
                var diff = UnifiedDiff.Create("f", before, after);
                if (before != after)
                {
                    await HostProgram.RunAsync(patch, ["--quiet", file], TestContext.Current.CancellationToken, diff);
                }

                (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldBe(after);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_diff_is_as_short_as_it_can_be()
    {
        var lines = Gen.Elements("a", "b", "c").ListOf().Resize(8);
        Property.Holds(Prop.ForAll(lines.ToArbitrary(), lines.ToArbitrary(), (a, b) =>
        {
            var diff = UnifiedDiff.Create("f", string.Concat(a.Select(l => l + "\n")), string.Concat(b.Select(l => l + "\n")));
            var edits = diff.Split('\n').Skip(2).Count(l => l.StartsWith('+') || l.StartsWith('-'));
            return edits == a.Count + b.Count - (2 * Common([.. a], [.. b]));
        }), 1000);
    }

    private static int Common(string[] a, string[] b)
    {
        var table = Enumerable.Range(0, a.Length + 1).Select(_ => new int[b.Length + 1]).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                table[i][j] = a[i - 1] == b[j - 1] ? table[i - 1][j - 1] + 1 : Math.Max(table[i - 1][j], table[i][j - 1]);
            }
        }

        return table[a.Length][b.Length];
    }

    private static string Text(Random random, int most) => string.Concat(Enumerable.Range(0, random.Next(1, most)).Select(_ => $"{(char)('a' + random.Next(4))}\n"));

    private static string Edited(Random random, string text)
    {
        var lines = text.Split('\n').ToList();
        lines.RemoveAt(random.Next(lines.Count - 1));
        lines.Insert(random.Next(lines.Count), "inserted");
        return string.Join('\n', lines);
    }
}
