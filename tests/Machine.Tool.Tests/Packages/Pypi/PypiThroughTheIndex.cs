using System.Net;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Pypi;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Tests.Packages.Pypi;

/// <summary>Not in parallel with tests of other classes that would see this process' variables of pip: only this class sets them.</summary>
public sealed class PypiThroughTheIndex : IDisposable
{
    private const string Password = "pypi-p@ss";
    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PIP_CONFIG_FILE", null);
        folder.Dispose();
    }

    [Theory]
    [InlineData(false, PypiJson.Type)]
    [InlineData(false, "text/html")]
    [InlineData(true, PypiJson.Type)]
    [InlineData(true, PypiHtml.Type + "; q=0.1, text/html; q=0.01")]
    public async Task A_page_points_to_us_in_the_form_that_is_asked_for_and_the_password_stays_on_the_host(bool isHtml, string accept)
    {
        await using var index = (await PythonIndex.StartAsync(isHtml)).AddWheel("thing", "1.2.3");
        index.Server.Authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + Password));
        await using var server = await ServeAsync([WithUser(index)]);
        using var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);

        using var answer = await client.GetAsync(new Uri("pypi/simple/Thing/", UriKind.Relative), Cancel);
        var page = await answer.Content.ReadAsStringAsync(Cancel);
        var file = await client.GetByteArrayAsync(new Uri(server.Address, "pypi/simple/thing/../../files/thing/thing-1.2.3-py3-none-any.whl"), Cancel);

        answer.Content.Headers.ContentType!.MediaType.ShouldBe(accept.Split(';')[0]);
        page.ShouldContain("\"../../files/thing/thing-1.2.3-py3-none-any.whl");
        page.ShouldContain(PythonIndex.Sha256Of(file));
        page.ShouldNotContain(index.Server.Address.Authority);
        page.ShouldNotContain(Password);
        file.ShouldBe(PythonIndex.Wheel("thing", "1.2.3"));
        var log = PackageLog.Read(folder["packages.log"]).Single();
        $"{log.Kind} {log.Id} {log.Version} {log.Source}".ShouldBe("pypi thing 1.2.3 127.0.0.1");
        BillOfMaterials.Purl(log).ShouldBe("pkg:pypi/thing@1.2.3");
        log.Hash.ShouldBe("sha256-" + Convert.ToBase64String(Convert.FromHexString(PythonIndex.Sha256Of(file))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pip_itself_installs_through_it_and_a_second_machine_fetches_no_file(bool isHtml)
    {
        var pip = Pip();
        await using var index = (await PythonIndex.StartAsync(isHtml)).AddWheel("thing", "1.2.3").AddWheel("thing", "1.0.0");
        await using var server = await ServeAsync([index.Url]);

        var install = await PipAsync(pip, server, "one", "thing");

        install.ExitCode.ShouldBe(0, install.Error);
        (await File.ReadAllTextAsync(folder["one/thing.py"], Cancel)).ShouldContain("1.2.3");
        var files = index.Server.Paths.Count(path => path.StartsWith("/files/", StringComparison.Ordinal));
        index.Server.Paths.Contains("/files/thing-1.2.3-py3-none-any.whl.metadata").ShouldBe(!isHtml, "metadata is read instead of the whole file, where there is some");

        await using var second = await ServeAsync([index.Url]);
        (await PipAsync(pip, second, "two", "thing==1.2.3")).ExitCode.ShouldBe(0);
        index.Server.Paths.Count(path => path.StartsWith("/files/", StringComparison.Ordinal)).ShouldBe(files);
        index.Server.Paths.Count(path => path.StartsWith("/simple/", StringComparison.Ordinal)).ShouldBe(1);

        AgePages();
        await using var third = await ServeAsync([index.Url]);
        (await PipAsync(pip, third, "three", "thing==1.0.0")).ExitCode.ShouldBe(0);
        index.Unchanged.ShouldBe(1, "the page was asked about, and not sent again");
    }

    [Fact]
    public async Task What_is_kept_is_served_while_the_index_is_away_and_pip_prints_why_for_what_is_not()
    {
        var pip = Pip();
        await using var index = (await PythonIndex.StartAsync()).AddWheel("thing", "1.2.3");
        await using (var server = await ServeAsync([index.Url]))
        {
            (await PipAsync(pip, server, "one", "thing")).ExitCode.ShouldBe(0);
        }

        AgePages();
        index.Server.Up = false;
        await using var again = await ServeAsync([index.Url]);

        (await PipAsync(pip, again, "two", "thing")).ExitCode.ShouldBe(0);
        var other = await PipAsync(pip, again, "three", "other");

        other.ExitCode.ShouldNotBe(0);
        other.Error.ShouldContain("the package index cannot be reached");
        other.Error.ShouldNotContain("Retrying");
    }

    [Fact]
    public async Task Without_a_rule_pip_prints_what_would_allow_it_and_nobody_is_asked()
    {
        var pip = Pip();
        await using var index = (await PythonIndex.StartAsync()).AddWheel("thing", "1.2.3");
        await using var server = await ServeAsync([index.Url], rules: NetworkRules.None);

        var install = await PipAsync(pip, server, "one", "thing");

        install.ExitCode.ShouldNotBe(0);
        install.Error.ShouldContain("machine: pypi is not among what this project's machine may reach; on the host: dotnet machine network allow pypi");
        index.Server.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_with_another_hash_than_its_page_says_is_neither_served_nor_kept_and_pip_prints_it()
    {
        var pip = Pip();
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.2.3.tar.gz", [6, 6, 6], PythonIndex.Sha256Of([1, 2, 3])));
        await using var server = await ServeAsync([index.Url]);

        var install = await PipAsync(pip, server, "one", "thing");

        install.ExitCode.ShouldNotBe(0);
        install.Error.ShouldContain("the package index sent another file for thing-1.2.3.tar.gz than its page says: the hash differs");
        Kept().ShouldBeEmpty();
        File.Exists(folder["packages.log"]).ShouldBeFalse("nothing entered");
    }

    [Fact]
    public async Task A_file_without_a_sha256_is_handed_on_and_not_kept()
    {
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.2.3.tar.gz", [1, 2, 3], null));
        await using var server = await ServeAsync([index.Url]);
        using var client = new HttpClient { BaseAddress = server.Address };

        (await client.GetByteArrayAsync(new Uri("pypi/files/thing/thing-1.2.3.tar.gz", UriKind.Relative), Cancel)).ShouldBe([1, 2, 3]);

        Kept().ShouldBeEmpty();
        PackageLog.Read(folder["packages.log"]).Single().Hash.ShouldBeNull();
    }

    [Fact]
    public async Task Two_indexes_are_taken_together_the_first_counts_and_one_that_is_away_is_not_left_out()
    {
        await using var first = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.0.tar.gz", [1], PythonIndex.Sha256Of([1])));
        await using var second = (await PythonIndex.StartAsync(isHtml: true))
            .Add("thing", new OfferedFile("thing-1.0.tar.gz", [2], PythonIndex.Sha256Of([2]))).Add("thing", new OfferedFile("thing-2.0.tar.gz", [3], PythonIndex.Sha256Of([3])))
            .Add("mine", new OfferedFile("mine-1.0.tar.gz", [4], PythonIndex.Sha256Of([4])));
        await using (var server = await ServeAsync([first.Url, second.Url]))
        {
            (await ReadAsync(server, "pypi/files/thing/thing-1.0.tar.gz")).Bytes.ShouldBe([1]);
            (await ReadAsync(server, "pypi/files/thing/thing-2.0.tar.gz")).Bytes.ShouldBe([3]);
            (await ReadAsync(server, "pypi/files/mine/mine-1.0.tar.gz")).Bytes.ShouldBe([4]);
        }

        first.Server.Up = false;
        AgePages();
        await using var again = await ServeAsync([first.Url, second.Url]);
        (await ReadAsync(again, "pypi/files/mine/mine-1.0.tar.gz")).Status.ShouldBe(HttpStatusCode.OK, "that the first has none of that name is known");
        (await ReadAsync(again, "pypi/simple/yours/")).Status.ShouldBe(HttpStatusCode.FailedDependency, "the first may have one");
    }

    [Fact]
    public async Task A_young_file_does_not_exist_and_pip_takes_the_one_before()
    {
        var pip = Pip();
        var now = DateTimeOffset.UtcNow;
        await using var index = (await PythonIndex.StartAsync()).AddWheel("thing", "1.0.0", now.AddDays(-30)).AddWheel("thing", "2.0.0", now.AddHours(-1));
        // An old version gets a file today.
        index.Add("thing", new OfferedFile("thing-1.0.0-py2.py3-none-any.whl", [6], PythonIndex.Sha256Of([6]), now));
        var rules = new PackageRules(null);
        rules.Use(new RestoreSettings(Cooldown: "3d", Deny: ["pypi:event_*"]));
        await using var server = await ServeAsync([index.Url], packages: rules);

        (await PipAsync(pip, server, "one", "thing")).ExitCode.ShouldBe(0);
        (await File.ReadAllTextAsync(folder["one/thing.py"], Cancel)).ShouldContain("1.0.0");
        (await ReadAsync(server, "pypi/files/thing/thing-2.0.0-py3-none-any.whl")).ShouldSatisfyAllConditions(
            answer => answer.Status.ShouldBe(HttpStatusCode.Forbidden),
            answer => answer.Reason.ShouldBe("cooldown 3d of the Machinefile: thing 2.0.0 was published 60 minutes ago; 1.0.0 is the last one that passes"));
        (await ReadAsync(server, "pypi/files/thing/thing-1.0.0-py2.py3-none-any.whl")).Status.ShouldBe(HttpStatusCode.Forbidden);
        var denied = await PipAsync(pip, server, "two", "Event.Stream");
        denied.Error.ShouldContain("event-stream is refused by deny pypi:event_* of the Machinefile");
        PackageLog.Read(folder["packages.log"]).Where(entry => entry.Refused is not null).Select(entry => $"{entry.Kind} {entry.Id} {entry.Version}")
            .ShouldBe(["pypi thing 1.0.0", "pypi thing 2.0.0", "pypi event-stream *"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("GET", "simple/", HttpStatusCode.NotFound)]
    [InlineData("GET", "simple/..%2f..%2fsecret/", HttpStatusCode.NotFound)]
    [InlineData("GET", "simple/thing/x", HttpStatusCode.NotFound)]
    [InlineData("GET", "simple/http:%2f%2f127.0.0.1%2f/", HttpStatusCode.NotFound)]
    [InlineData("GET", "files/thing/other-1.2.3.tar.gz", HttpStatusCode.NotFound)]
    [InlineData("GET", "files/thing/..%2f..%2fx", HttpStatusCode.NotFound)]
    [InlineData("GET", "files/thing/thing-9.9.9.tar.gz", HttpStatusCode.NotFound)]
    [InlineData("GET", "files/thing/thing-1.2.3.tar.gz.metadata", HttpStatusCode.NotFound)]
    [InlineData("POST", "simple/thing/", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "legacy/", HttpStatusCode.MethodNotAllowed)]
    public async Task Anything_but_a_page_and_its_files_is_refused(string method, string path, HttpStatusCode status)
    {
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.2.3.tar.gz", [1], null));
        await using var server = await ServeAsync([index.Url]);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Address + "pypi/" + path);

        using var answer = await client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(status);
        index.Server.Paths.ShouldNotContain(asked => asked != "/simple/thing/");
    }

    [Fact]
    public async Task An_index_that_answers_no_is_not_overruled_by_what_is_kept()
    {
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.0.tar.gz", [1], PythonIndex.Sha256Of([1])));
        await using (var server = await ServeAsync([index.Url]))
        {
            (await ReadAsync(server, "pypi/simple/thing/")).Status.ShouldBe(HttpStatusCode.OK);
        }

        AgePages();
        index.Server.Authorization = "Bearer another";
        await using var again = await ServeAsync([index.Url]);

        (await ReadAsync(again, "pypi/simple/thing/")).ShouldSatisfyAllConditions(
            answer => answer.Status.ShouldBe(HttpStatusCode.FailedDependency),
            answer => answer.Reason.ShouldBe("the package index refused the host's credentials for thing (401)"));
    }

    [Theory]
    [InlineData("[global]\nindex-url = http://index.example/simple", "plain http")]
    [InlineData("[global]\nindex-url = file:///etc", "no http address")]
    [InlineData("[global]\nno-index = true\nindex-url = https://index.example/simple", "no-index")]
    public async Task A_configuration_that_names_no_index_of_use_says_so(string text, string says)
    {
        await File.WriteAllTextAsync(folder["pip.conf"], text, Cancel);
        Environment.SetEnvironmentVariable("PIP_CONFIG_FILE", folder["pip.conf"]);

        (await Should.ThrowAsync<FeedException>(() => HostPip.LoadAsync(Cancel))).Message.ShouldContain(says);
    }

    [Fact]
    public async Task Where_nothing_names_an_index_pip_is_asked_for_its_own_default()
    {
        Pip();
        await File.WriteAllTextAsync(folder["pip.conf"], "[global]\ntimeout = 5\n", Cancel);
        Environment.SetEnvironmentVariable("PIP_CONFIG_FILE", folder["pip.conf"]);

        var pip = await HostPip.LoadAsync(Cancel);

        pip.Indexes.Single().Address.ShouldSatisfyAllConditions(address => address.Scheme.ShouldBe("https"), address => address.AbsolutePath.ShouldBe("/simple/"));
    }

    private static string WithUser(PythonIndex index) => index.Url.Replace("http://", $"http://me:{Uri.EscapeDataString(Password)}@", StringComparison.Ordinal);

    private static string Pip()
    {
        var pip = HostProgram.Find("pip3") ?? HostProgram.Find("pip");
        Assert.SkipWhen(pip is null || OperatingSystem.IsWindows(), "pip is not installed");
        return pip!;
    }

    private static async Task<(HttpStatusCode Status, string Reason, byte[] Bytes)> ReadAsync(TestServer server, string path)
    {
        using var client = new HttpClient { BaseAddress = server.Address };
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        return (answer.StatusCode, answer.ReasonPhrase ?? "", await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    private Task<ProgramResult> PipAsync(string pip, TestServer server, string target, params string[] packages) => HostProgram.TryRunAsync(
        pip, ["--isolated", "install", "--no-cache-dir", "--no-deps", "--disable-pip-version-check", "--index-url", $"{server.Address}pypi/simple/", "--target", folder[target], .. packages], Cancel, folder: folder.Path);

    private void AgePages()
    {
        foreach (var file in Directory.EnumerateFiles(folder["packages/answers/pypi"], "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - TimeSpan.FromMinutes(6));
        }
    }

    private IEnumerable<string> Kept() =>
        Directory.Exists(folder["packages/sha256"]) ? Directory.EnumerateFiles(folder["packages/sha256"], "*", SearchOption.AllDirectories) : [];

    private async Task<TestServer> ServeAsync(IReadOnlyList<string> indexes, NetworkRules? rules = null, PackageRules? packages = null)
    {
        await File.WriteAllTextAsync(folder["pip.conf"], $"[global]\nindex-url = {indexes[0]}\nextra-index-url =\n    {string.Join("\n    ", indexes.Skip(1))}\n", Cancel);
        Environment.SetEnvironmentVariable("PIP_CONFIG_FILE", folder["pip.conf"]);
        var allowed = rules ?? new NetworkSettings([new NetworkEntry("pypi")], []).ToRules();
        var index = new PypiIndex(folder["packages"], new PackageLog(folder["packages.log"]), new TestLog(), () => allowed.Refuses(NetworkPresets.Pypi), packages);
        return await TestServer.StartAsync(index.Map);
    }
}
