using System.Text;

namespace Machine.Tool.Guest;

/// <summary>The scripts of this room, embedded in the tool.</summary>
internal static class GuestResource
{
    public static string Read(string name)
    {
        using var stream = typeof(GuestResource).Assembly.GetManifestResourceStream($"Guest/{name}")
            ?? throw new InvalidOperationException($"no guest resource {name}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
