using System.Text;

namespace Machine.Tool.Workspaces.Listing;

/// <summary>What is fed to <c>changes.pl</c>: fields, each ended by NUL.</summary>
internal static class GuestRequest
{
    public static byte[] Paths(IEnumerable<byte[]> paths)
    {
        using var request = new MemoryStream();
        foreach (var path in paths)
        {
            request.Write(path);
            request.WriteByte(0);
        }

        return request.ToArray();
    }

    public static byte[] Pairs(IEnumerable<(string First, byte[] Path)> pairs) =>
        Paths(pairs.SelectMany(pair => new[] { Encoding.ASCII.GetBytes(pair.First), pair.Path }));
}
