using System.Net;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.Repository;

/// <summary>Where a source leads, and files of other package managers that a repository brings.</summary>
public sealed class WhatTheHostReadsAttacks
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("https://feed.example/", "unprotected")]
    [InlineData("http://feed.example/", "on this host")]
    public async Task A_source_does_not_lead_to_an_unprotected_address_or_to_this_host(string source, string reason)
    {
        await using var inside = await Listener.StartAsync();
        using var way = new HttpMessageInvoker(new SourceRedirects(new Uri(source), new HttpClientHandler()));

        var refused = await Should.ThrowAsync<HttpRequestException>(() => way.SendAsync(new HttpRequestMessage(HttpMethod.Get, inside.Index), Cancel));

        refused.Message.ShouldContain(reason);
        inside.Connections.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:0.0.0.0]")]
    [InlineData("localhost.localdomain")]
    [InlineData("this-host")]
    public async Task Nor_to_this_host_by_another_of_its_names(string host)
    {
        await using var inside = await Listener.StartAsync();
        using var way = new HttpMessageInvoker(new SourceRedirects(new Uri("http://feed.example/index.json"), new HttpClientHandler()));
        host = host == "this-host" ? Dns.GetHostName() : host;

        await Should.ThrowAsync<HttpRequestException>(() => way.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"http://{host}:{inside.Address.Port}/"), Cancel));

        inside.Connections.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("file:///etc/hostname")]
    public async Task A_redirect_to_anything_but_the_web_is_not_followed(string target)
    {
        await using var source = await TestServer.StartAsync(app => app.Map("/{**path}", (HttpContext context) =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = target;
        }));
        using var way = new HttpMessageInvoker(new SourceRedirects(source.Address, new HttpClientHandler { AllowAutoRedirect = false }));

        await Should.ThrowAsync<HttpRequestException>(() => way.SendAsync(new HttpRequestMessage(HttpMethod.Get, source.Index), Cancel));
        source.Paths.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_source_that_redirects_for_ever_is_left()
    {
        await using var source = await TestServer.StartAsync(app => app.Map("/{**path}", (HttpContext context) => context.Response.Redirect(context.Request.Path + "/x")));
        using var way = new HttpMessageInvoker(new SourceRedirects(source.Address, new HttpClientHandler { AllowAutoRedirect = false }));

        (await Should.ThrowAsync<HttpRequestException>(() => way.SendAsync(new HttpRequestMessage(HttpMethod.Get, source.Index), Cancel))).Message.ShouldContain("more than 10 times");
        source.Paths.Count.ShouldBe(11);
    }

    [Fact]
    public async Task A_header_that_signs_in_is_not_sent_on_to_another_server()
    {
        await using var other = await Listener.StartAsync();
        await using var source = await TestServer.StartAsync(app => app.Map("/{**path}", (HttpContext context) => context.Response.Redirect(other.Index.ToString())));
        using var way = new HttpMessageInvoker(new SourceRedirects(source.Address, new HttpClientHandler { AllowAutoRedirect = false, Credentials = new NetworkCredential("u", "p") }));
        using var request = new HttpRequestMessage(HttpMethod.Get, source.Index) { Headers = { { "Authorization", "Bearer corp-token" }, { "Cookie", "session=corp" } } };

        await way.SendAsync(request, Cancel);

        other.Connections.ShouldNotBeEmpty();
        other.Secrets.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_npmrc_of_the_project_decides_neither_registry_nor_token()
    {
        await using var attacker = await Listener.StartAsync();
        using var project = new HostileProject();
        File.WriteAllText(Path.Combine(project.Path, ".npmrc"), $"registry={attacker.Address}\n//{attacker.Address.Authority}/:_authToken=${{PATH}}\n@corp:registry={attacker.Address}\nproxy={attacker.Address}\nuserconfig=./.npmrc\n");
        var before = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = project.Path;
            var npm = await HostNpm.LoadAsync(Cancel);
            npm.Settings["registry"].ShouldNotBe(attacker.Address.ToString());
            npm.Settings.AuthorizationFor(attacker.Address).ShouldBeNull();
            npm.Settings.ScopeRegistry("@corp/x").ShouldBeNull();
            npm.Proxy.ShouldBeNull();
            attacker.Connections.ShouldBeEmpty();
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Fact]
    public async Task A_tarball_without_end_ends()
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        var sent = new CountingStream();
        context.Response.Body = sent;

        (await Should.ThrowAsync<FeedException>(() => FeedResponse.RelayAsync(context, new EndlessStream(), "x", null, 1 << 20, TimeSpan.FromMinutes(5)))).Message.ShouldContain("larger than 1 MiB");
        sent.Written.ShouldBeLessThanOrEqualTo(1 << 20);
    }

    private sealed class CountingStream : MemoryStream
    {
        public long Written { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written += buffer.Length;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(buffer.Length);
    }
}
