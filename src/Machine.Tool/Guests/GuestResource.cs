using System.Text;

namespace Machine.Tool.Guests;

/// <summary>The scripts of this room, embedded in the tool.</summary>
internal static class GuestResource
{
    public static string Read(string name)
    {
        using var reader = new StreamReader(Open(name), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    public static byte[] ReadBytes(string name)
    {
        using var stream = Open(name);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static Stream Open(string name) =>
        typeof(GuestResource).Assembly.GetManifestResourceStream($"Guests/{name}") ?? throw new InvalidOperationException($"no guest resource {name}");
}
