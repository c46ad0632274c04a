using System.Text;
using System.Text.Json;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Pypi;

namespace Machine.Tool.Tests.Packages.Pypi;

public sealed class PypiPageTests
{
    private static readonly Uri Page = new("https://index.example/simple/thing/");
    private static readonly string Hash = new('a', 64);

    [Theory]
    [InlineData("thing-1.0-py3-none-any.whl", "thing", "1.0")]
    [InlineData("Thing_Two-1.0-1-cp311-cp311-linux_x86_64.whl", "thing-two", "1.0")]
    [InlineData("thing-two-1!2.0.post1.tar.gz", "thing-two", "1!2.0.post1")]
    [InlineData("thing.two-1.0-rc1.zip", "thing-two", "1.0-rc1")]
    [InlineData("other-1.0-py3-none-any.whl", "thing", null)]
    [InlineData("thing-1.0.exe", "thing", null)]
    [InlineData("thing-.tar.gz", "thing", null)]
    [InlineData("../thing-1.0.tar.gz", "thing", null)]
    [InlineData(".thing-1.0.tar.gz", "thing", null)]
    [InlineData("thing-1.0/../x.tar.gz", "thing", null)]
    [InlineData("thing-1.0 x.tar.gz", "thing", null)]
    [InlineData("thing-1.0.tar.gz\n", "thing", null)]
    [InlineData("thing-1.0\"onload.tar.gz", "thing", null)]
    public void A_files_name_tells_its_version(string file, string name, string? version) => PypiName.VersionOf(file, name).ShouldBe(version);

    [Theory]
    [InlineData("Thing_Two.Three", "thing-two-three")]
    [InlineData("a--b", "a-b")]
    [InlineData("-a", null)]
    [InlineData("a/b", null)]
    [InlineData("..", null)]
    [InlineData("ä", null)]
    [InlineData("", null)]
    public void A_name_has_one_spelling(string text, string? name)
    {
        if (name is null)
        {
            Should.Throw<FeedException>(() => PypiName.Parse(text));
        }
        else
        {
            PypiName.Parse(text).ShouldBe(name);
        }
    }

    [Fact]
    public void Html_is_read_as_pip_reads_it()
    {
        var page = Html($"""
            <html><!-- <a href="thing-0.9.tar.gz">commented out</a> --><body><h1>x</h1>
            <A rel=x data-yanked HREF='../../files/thing-1.0.tar.gz#sha256={Hash}' data-requires-python="&gt;=3.8">thing</A>
            <a href=https://files.example/a/thing-2.0-py3-none-any.whl?x=1&amp;y=2 data-core-metadata="sha256={Hash}">y</a>
            <a href="https://files.example/thing-3.0.tar.gz#md5=00000000000000000000000000000000"/>
            <a href="file:///etc/thing-6.0.tar.gz">f</a><a href="https://me:secret@files.example/thing-7.0.tar.gz">u</a><a>none</a>
            """);

        page.Files.Select(file => $"{file.Version} {file.Address} {PypiHash.Text(file.Hashes)} {file.RequiresPython} {file.Yanked == ""} {file.Metadata?.Count}").ShouldBe([
            $"1.0 https://index.example/files/thing-1.0.tar.gz sha256={Hash} >=3.8 True ",
            "2.0 https://files.example/a/thing-2.0-py3-none-any.whl?x=1&y=2   False 1",
            "3.0 https://files.example/thing-3.0.tar.gz md5=00000000000000000000000000000000  False ",
        ]);
    }

    [Fact]
    public void A_base_moves_relative_links() =>
        Html("<head><base href='https://files.example/x/'></head><a href='thing-1.0.tar.gz'>x</a>").Files.Single().Address.ShouldBe(new Uri("https://files.example/x/thing-1.0.tar.gz"));

    [Theory]
    [InlineData("<a href=\"thing-1.0.tar.gz")]
    [InlineData("<a href='thing-1.0.tar.gz'")]
    [InlineData("<a <a <a")]
    [InlineData("<!-- <a href='thing-1.0.tar.gz'>")]
    [InlineData("<")]
    [InlineData("<a =>")]
    public void Html_that_breaks_off_ends(string text) => Html(text).Files.Count.ShouldBeLessThanOrEqualTo(1);

    [Fact]
    public void What_an_index_says_becomes_no_markup_of_ours()
    {
        var evil = "3.0\" onload=\"x\"><script>";
        var page = Json($$"""{"files":[{"filename":"thing-1.0.tar.gz","url":"x","hashes":{"sha256":"{{Hash}}","sha1":"\"><a href=","../x":"00000000000000000"},"requires-python":{{JsonSerializer.Serialize(evil)}},"yanked":{{JsonSerializer.Serialize(evil)}} }]}""");

        var html = Encoding.UTF8.GetString(PypiHtml.Write(page, file => "x/" + file.Name));

        html.ShouldNotContain("<script>");
        html.ShouldNotContain("onload=\"");
        page.Files.Single().Hashes.Keys.ShouldBe(["sha256"]);
        PypiHtml.Read(Encoding.UTF8.GetBytes(html), "thing", Page).Files.Single().RequiresPython.ShouldBe(evil);
    }

    [Fact]
    public void A_page_that_is_kept_is_the_same_page()
    {
        var page = Json($$"""
            {"meta":{"api-version":"1.3"},"files":[
            {"filename":"thing-1.0.tar.gz","url":"../../f/thing-1.0.tar.gz","hashes":{"sha256":"{{Hash}}"},"core-metadata":true,"yanked":"bad","upload-time":"2026-01-02T03:04:05.678901Z","size":5},
            {"filename":"thing-2.0.tar.gz","url":"https://files.example/thing-2.0.tar.gz","hashes":{},"dist-info-metadata":{"sha256":"{{Hash}}"},"yanked":false}]}
            """);

        var again = PypiJson.Read(PypiJson.Write(page), "thing", new Uri("https://elsewhere.example/"));

        again.Files.Select(Told).ShouldBe(page.Files.Select(Told));
        Encoding.UTF8.GetString(PypiJson.Write(page).Span).ShouldNotContain("dist-info-metadata", customMessage: "pip 23.0, Debian 12's, fails at it");
        page.Files[0].Uploaded.ShouldBe(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(6789010));

        static string Told(PypiFile file) =>
            $"{file.Name} {file.Address} {PypiHash.Text(file.Hashes)} {file.Metadata?.Count} {file.Yanked} {file.Uploaded:O} {file.Size}";
    }

    [Theory]
    [InlineData("""{"meta":{"api-version":"2.0"},"files":[]}""", "version 2.0")]
    [InlineData("{}", "no page")]
    [InlineData("[]", "no page")]
    [InlineData("""{"files":5}""", "no page")]
    [InlineData("""{"files":[5]}""", "no page")]
    [InlineData("<html>", "no page")]
    public void What_is_no_page_is_told(string json, string says) => Should.Throw<FeedException>(() => Json(json)).Message.ShouldContain(says);

    private static PypiPage Html(string text) => PypiHtml.Read(Encoding.UTF8.GetBytes(text), "thing", Page);

    private static PypiPage Json(string text) => PypiJson.Read(Encoding.UTF8.GetBytes(text), "thing", Page);
}
