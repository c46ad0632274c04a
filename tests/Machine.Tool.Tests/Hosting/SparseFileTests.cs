using System.Security.Cryptography;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Hosting;

/// <summary>A disk's hash is its content's, however its zeros are kept.</summary>
public sealed class SparseFileTests : IDisposable
{
    private const int Block = 64 << 10;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("machine-sparse-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Zeros_that_are_written_are_as_holes()
    {
        var content = new byte[20 * Block];
        "first"u8.CopyTo(content.AsSpan(3 * Block));
        "second"u8.CopyTo(content.AsSpan((9 * Block) - 3));
        var whole = Write("whole", file => file.Write(content));
        var sparse = Write("sparse", file =>
        {
            file.SetLength(content.Length);
            file.Position = 3 * Block;
            file.Write("first"u8);
            file.Position = (9 * Block) - 3;
            file.Write("second"u8);
        });

        Hash(sparse).ShouldBe(Hash(whole));
    }

    // As its description says, by other means.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((3 * Block) + 77)]
    public void It_is_the_hash_of_what_its_description_says(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        content.AsSpan(Math.Min(length, Block), Math.Min(Block, Math.Max(0, length - Block))).Clear();
        using var said = new MemoryStream();
        said.Write(BitConverter.GetBytes((long)length));
        for (var at = 0; at < length; at += Block)
        {
            var block = content.AsSpan(at, Math.Min(Block, length - at));
            if (block.ContainsAnyExcept((byte)0))
            {
                said.Write(BitConverter.GetBytes((long)at));
                said.Write(block);
            }
        }

        Hash(Write("file", file => file.Write(content))).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(said.ToArray())));
    }

    [Fact]
    public void Content_that_moved_grew_or_changed_by_a_bit_is_other_content()
    {
        string[] hashes =
        [
            At(0, "x", Block * 4), At(1, "x", Block * 4), At(Block, "x", Block * 4), At(Block, "x", (Block * 4) + 1), At(Block, "y", Block * 4), At(0, "", Block * 4), At(0, "", 0),
        ];

        hashes.Distinct().Count().ShouldBe(hashes.Length);

        string At(long place, string text, long length) => Hash(Write("file", file =>
        {
            file.SetLength(length);
            file.Position = place;
            file.Write(System.Text.Encoding.ASCII.GetBytes(text));
        }));
    }

    private static string Hash(string path) => SparseFile.ContentHash(path, TestContext.Current.CancellationToken);

    private string Write(string name, Action<FileStream> content)
    {
        var path = Path.Combine(folder.FullName, name);
        using var file = new FileStream(path, FileMode.Create);
        content(file);
        return path;
    }
}
