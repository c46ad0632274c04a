using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages.Pypi;

/// <summary>A file that an index of the tests offers.</summary>
/// <param name="Sha256">As the page says it; null where it says none.</param>
/// <param name="Address">As the page says it; null for the file's own place.</param>
internal sealed record OfferedFile(string Name, byte[] Bytes, string? Sha256, DateTimeOffset? Uploaded = null, string? Address = null);

/// <summary>An index of Python's packages on loopback, in JSON or HTML, with a state that it can be asked about.</summary>
internal sealed class PythonIndex : IAsyncDisposable
{
    private readonly Dictionary<string, List<OfferedFile>> packages = new(StringComparer.Ordinal);

    private PythonIndex()
    {
    }

    public TestServer Server { get; private set; } = null!;

    public string Url => $"{Server.Address}simple/";

    public bool IsHtml { get; init; }

    /// <summary>Pages that were not sent again.</summary>
    public int Unchanged { get; private set; }

    public static async Task<PythonIndex> StartAsync(bool isHtml = false)
    {
        var index = new PythonIndex { IsHtml = isHtml };
        index.Server = await TestServer.StartAsync(endpoints =>
        {
            endpoints.MapGet("/simple/{name}/", (HttpContext context, string name) => index.PageAsync(context, name));
            endpoints.MapGet("/files/{file}", (HttpContext context, string file) => index.FileAsync(context, file));
        });
        return index;
    }

    public PythonIndex Add(string package, OfferedFile file)
    {
        packages[package] = [.. packages.GetValueOrDefault(package) ?? [], file];
        return this;
    }

    /// <summary>A wheel of a module that says its version.</summary>
    public PythonIndex AddWheel(string package, string version, DateTimeOffset? uploaded = null)
    {
        var bytes = Wheel(package, version);
        return Add(package, new OfferedFile($"{package}-{version}-py3-none-any.whl", bytes, Sha256Of(bytes), uploaded));
    }

    public static string Sha256Of(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Wheel(string package, string version)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            Write(zip, $"{package}.py", $"version = '{version}'\n");
            Write(zip, $"{package}-{version}.dist-info/METADATA", Metadata(package, version));
            Write(zip, $"{package}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
            Write(zip, $"{package}-{version}.dist-info/RECORD", $"{package}.py,,\n{package}-{version}.dist-info/METADATA,,\n{package}-{version}.dist-info/WHEEL,,\n{package}-{version}.dist-info/RECORD,,\n");
        }

        return bytes.ToArray();
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private static string Metadata(string package, string version) => $"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n";

    private static void Write(ZipArchive zip, string name, string text)
    {
        var entry = zip.CreateEntry(name);
        // The same bytes whenever it is made.
        entry.LastWriteTime = new DateTimeOffset(2026, 1, 2, 3, 4, 6, TimeSpan.Zero);
        using var writer = new StreamWriter(entry.Open());
        writer.Write(text);
    }

    private Task PageAsync(HttpContext context, string name)
    {
        if (!packages.TryGetValue(name, out var files))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var page = IsHtml ? Html(files) : Json(name, files);
        var etag = $"\"{Sha256Of(Encoding.UTF8.GetBytes(page))}\"";
        context.Response.Headers.ETag = etag;
        if (context.Request.Headers.IfNoneMatch == etag)
        {
            Unchanged++;
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = IsHtml ? "text/html; charset=utf-8" : "application/vnd.pypi.simple.v1+json";
        return context.Response.WriteAsync(page);
    }

    private static string Html(IEnumerable<OfferedFile> files) => "<!DOCTYPE html><html><head><title>x</title></head><body>\n" + string.Concat(files.Select(file =>
        $"<a href=\"{WebUtility.HtmlEncode(AddressOf(file))}{(file.Sha256 is { } hash ? "#sha256=" + hash : "")}\" data-requires-python=\"&gt;=3.0\">{file.Name}</a><br/>\n")) + "</body></html>";

    private static string Json(string name, IEnumerable<OfferedFile> files) => new JsonObject
    {
        ["meta"] = new JsonObject { ["api-version"] = "1.1" },
        ["name"] = name,
        ["files"] = new JsonArray([.. files.Select(file =>
        {
            var told = new JsonObject
            {
                ["filename"] = file.Name,
                ["url"] = AddressOf(file),
                ["hashes"] = file.Sha256 is { } hash ? new JsonObject { ["sha256"] = hash } : [],
                ["requires-python"] = ">=3.0",
                ["size"] = file.Bytes.Length,
            };
            if (file.Name.EndsWith(".whl", StringComparison.Ordinal))
            {
                told["core-metadata"] = new JsonObject { ["sha256"] = Sha256Of(MetadataOf(file.Name)) };
                told["dist-info-metadata"] = told["core-metadata"]!.DeepClone();
            }

            if (file.Uploaded is { } date)
            {
                told["upload-time"] = date.ToString("O");
            }

            return told;
        })]),
    }.ToJsonString();

    private static string AddressOf(OfferedFile file) => file.Address ?? "../../files/" + file.Name;

    private static byte[] MetadataOf(string wheel) => wheel.Split('-') is var parts ? Encoding.UTF8.GetBytes(Metadata(parts[0], parts[1])) : [];

    private Task FileAsync(HttpContext context, string name)
    {
        const string Ending = ".metadata";
        var isMetadata = name.EndsWith(Ending, StringComparison.Ordinal);
        if (packages.Values.SelectMany(files => files).FirstOrDefault(file => file.Name == (isMetadata ? name[..^Ending.Length] : name)) is { } file)
        {
            return context.Response.Body.WriteAsync(isMetadata ? MetadataOf(file.Name) : file.Bytes).AsTask();
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
