using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages;

/// <summary>A v3 source that sends the given bytes as a package, whatever they are.</summary>
internal static class FlatServer
{
    public static Task<TestServer> StartAsync(string id, string version, byte[] package) => TestServer.StartAsync(endpoints =>
    {
        endpoints.MapGet("/index.json", context => context.Response.WriteAsync(
            $$"""{"version":"3.0.0","resources":[{"@id":"http://{{context.Request.Host}}/flat/","@type":"PackageBaseAddress/3.0.0"}]}"""));
        endpoints.MapGet($"/flat/{id}/index.json", context => context.Response.WriteAsync($$"""{"versions":["{{version}}"]}"""));
        endpoints.MapGet($"/flat/{id}/{version}/{id}.{version}.nupkg", async context => await context.Response.Body.WriteAsync(package));
    });
}
