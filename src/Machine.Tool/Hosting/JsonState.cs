using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Machine.Tool.Hosting;

/// <summary>State on disk: JSON, written under a temporary name and renamed, read strictly.</summary>
internal static class JsonState
{
    /// <summary>One form for everything this tool writes as JSON: camel case, enums by name, unknown members refused.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>
    /// The same form for types that were looked into when this was compiled. By reflection that takes longer than all else that a
    /// short command does (docs/measured.md), so what such a command reads or writes is known this way.
    /// </summary>
    public static JsonSerializerOptions Knowing(JsonSerializerContext types) =>
        new(Options) { TypeInfoResolver = JsonTypeInfoResolver.Combine(types, new DefaultJsonTypeInfoResolver()) };

    /// <summary>Null where the file is missing.</summary>
    /// <exception cref="JsonException">The file is not what this version writes.</exception>
    public static T? Read<T>(string path, JsonSerializerOptions? options = null)
        where T : class
    {
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, options ?? Options);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static void Write<T>(string path, T value, JsonSerializerOptions? options = null) =>
        Write(path, stream => JsonSerializer.Serialize(stream, value, options ?? Options));

    /// <param name="content">Writes it all.</param>
    public static void Write(string path, Action<Stream> content)
    {
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew))
            {
                content(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
