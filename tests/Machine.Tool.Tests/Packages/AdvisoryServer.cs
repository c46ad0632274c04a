using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages;

/// <summary>A v3 source that publishes advisories and has no package.</summary>
internal static class AdvisoryServer
{
    public static Task<TestServer> StartAsync(string page) => TestServer.StartAsync(endpoints =>
    {
        endpoints.MapGet("/index.json", context => context.Response.WriteAsync($$"""
            {"version":"3.0.0","resources":[
              {"@id":"http://{{context.Request.Host}}/flat/","@type":"PackageBaseAddress/3.0.0"},
              {"@id":"http://{{context.Request.Host}}/v/index.json","@type":"VulnerabilityInfo/6.7.0"}]}
            """));
        endpoints.MapGet("/v/index.json", context => context.Response.WriteAsync($$"""
            [{"@name":"base","@id":"http://{{context.Request.Host}}/v/base.json","@updated":"2025-01-01T00:00:00Z"}]
            """));
        endpoints.MapGet("/v/base.json", context => context.Response.WriteAsync(page));
    });
}
