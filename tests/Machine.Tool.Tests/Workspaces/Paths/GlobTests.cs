using System.Diagnostics;
using FsCheck.Fluent;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Tests.Workspaces.Paths;

public sealed class GlobTests
{
    [Theory]
    [InlineData("**/bin/**", "bin/a", true)]
    [InlineData("**/bin/**", "src/x/bin/Debug/a.dll", true)]
    [InlineData("**/bin/**", "bin", false)]
    [InlineData("**/bin/**", "src/binary/a", false)]
    [InlineData("**/bin/**", "src/Bin/a", false)]
    [InlineData("artifacts/**", "artifacts/a/b", true)]
    [InlineData("artifacts/**", "src/artifacts/a", false)]
    [InlineData("artifacts/", "artifacts/a", true)]
    [InlineData("/artifacts", "artifacts/a", true)]
    [InlineData("/artifacts", "src/artifacts/a", false)]
    [InlineData("*.trx", "a/b/c.trx", true)]
    [InlineData("src/*.trx", "src/a.trx", true)]
    [InlineData("src/*.trx", "src/a/b.trx", false)]
    [InlineData("src/**/b.trx", "src/b.trx", true)]
    [InlineData("src/**/**/b.trx", "src/x/y/b.trx", true)]
    [InlineData("{bin,out}/**", "out/a", true)]
    [InlineData("a{1,{2,3}}?.txt", "a3x.txt", true)]
    [InlineData("a{1,2}.txt", "a12.txt", false)]
    [InlineData("**", "a", true)]
    [InlineData("TestResults", "x/TestResults/y/z", true)]
    public void It_matches_as_git_and_msbuild_users_expect(string pattern, string path, bool matches) =>
        Glob.Parse(pattern).Matches(path).ShouldBe(matches);

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a//b")]
    [InlineData("a\\b")]
    [InlineData("!a")]
    [InlineData("[ab]")]
    [InlineData("{a,b")]
    [InlineData("a}")]
    [InlineData("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}")]
    public void What_is_no_pattern_is_said(string pattern) => Should.Throw<FormatException>(() => Glob.Parse(pattern)).Message.ShouldContain(pattern);

    [Fact]
    public void No_pattern_takes_more_than_linear_time()
    {
        var clock = Stopwatch.StartNew();
        Glob.Parse(string.Concat(Enumerable.Repeat("*a", 100)) + "b").Matches(new string('a', 10_000)).ShouldBeFalse();
        Glob.Parse(string.Join('/', Enumerable.Repeat("**/a", 50)) + "/b").Matches(string.Join('/', Enumerable.Repeat("a", 5_000))).ShouldBeFalse();
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void It_agrees_with_a_slow_and_obvious_matcher()
    {
        var name = Gen.Elements("a", "b", "ab", "aab", "c");
        var path = name.NonEmptyListOf().Resize(6).Select(l => string.Join('/', l));
        var segment = Gen.Elements("a", "b", "*", "?", "a*", "*b", "**", "**", "a?b", "*a*b");
        var pattern = segment.NonEmptyListOf().Resize(5).Where(l => l.Count > 1).Select(l => string.Join('/', l));
        Property.Holds(Prop.ForAll(pattern.ToArbitrary(), path.ToArbitrary(), (p, s) => Glob.Parse(p).Matches(s) == Slow(p.Split('/'), s.Split('/'))), 5000);
    }

    private static bool Slow(ReadOnlySpan<string> p, ReadOnlySpan<string> s)
    {
        if (p.IsEmpty)
        {
            return true;
        }

        if (p[0] == "**")
        {
            return p.Length == 1 ? !s.IsEmpty : Slow(p[1..], s) || (!s.IsEmpty && Slow(p, s[1..]));
        }

        return !s.IsEmpty && SlowName(p[0], s[0]) && Slow(p[1..], s[1..]);
    }

    private static bool SlowName(string p, string s) =>
        p.Length == 0 ? s.Length == 0
        : p[0] == '*' ? SlowName(p[1..], s) || (s.Length > 0 && SlowName(p, s[1..]))
        : s.Length > 0 && (p[0] == '?' || p[0] == s[0]) && SlowName(p[1..], s[1..]);
}
