using System.Buffers.Binary;
using System.Text;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A guest that broke out of QEMU writes the stream in which its own machine is suspended.</summary>
public sealed class FrozenMemoryAttacks : IDisposable
{
    private const long MemoryBytes = 1 << 20;
    private const long Most = 4 << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("machine-frozen-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_is_no_memory_stays_a_stream_and_pages_lie_at_their_places()
    {
        var stream = new QemuStream().Begin().Ram(page => page
            .Page(4096, 'a', "mem")).Ram(page => page.Page(8192, 'b').Page(0, 'r', "pc.rom").Page(4096, 'm').Zero(12288, "mem").Page(20480, 'c')).Device("the rest");

        var (state, memory) = await SplitAsync(stream);

        memory.Length.ShouldBe((int)MemoryBytes);
        (memory[4096], memory[8192], memory[20480], memory[12288], memory[^1]).ShouldBe(((byte)'a', (byte)'b', (byte)'c', (byte)0, (byte)0));
        memory.Count(value => value != 0).ShouldBe(3 * 4096);
        state.ShouldBe(new QemuStream().Begin().Ram(page => page).Ram(page => page.Page(0, 'r', "pc.rom").Page(4096, 'm')).Device("the rest").Bytes);
    }

    [Theory]
    [InlineData("a page behind the end")]
    [InlineData("a page at the highest address")]
    [InlineData("a page that is filled with something")]
    [InlineData("a page of an unknown kind")]
    [InlineData("a page of no block")]
    [InlineData("a larger memory")]
    [InlineData("no memory")]
    [InlineData("a block of no length")]
    [InlineData("another section first")]
    [InlineData("a second memory")]
    [InlineData("a section that does not end")]
    [InlineData("a description without an end")]
    [InlineData("nothing")]
    [InlineData("cut off")]
    public async Task A_stream_that_lies_is_refused_and_writes_no_other_place(string lie)
    {
        var stream = lie switch
        {
            "a page behind the end" => new QemuStream().Begin().Ram(page => page.Page(MemoryBytes, 'x', "mem")),
            "a page at the highest address" => new QemuStream().Begin().Ram(page => page.Page(unchecked((long)0xffff_ffff_ffff_f000), 'x', "mem")),
            "a page that is filled with something" => new QemuStream().Begin().Ram(page => page.Number(4096 | 2).Name("mem").Byte(7)),
            "a page of an unknown kind" => new QemuStream().Begin().Ram(page => page.Number(4096 | 0x40).Name("mem")),
            "a page of no block" => new QemuStream().Begin().Ram(page => page.Page(4096, 'x')),
            "a larger memory" => new QemuStream().Begin(memory: MemoryBytes * 2),
            "no memory" => new QemuStream().Begin(name: "nem"),
            "a block of no length" => new QemuStream().Begin(memory: 0),
            "another section first" => new QemuStream().Header().Byte(1).Word(2).Name("block"),
            "a second memory" => new QemuStream().Begin().Byte(1).Word(3).Name("ram"),
            "a section that does not end" => new QemuStream().Begin().Byte(2).Word(2).Number(0x10).Byte(2),
            "a description without an end" => new QemuStream().Word(0x5145564d).Word(3).Byte(7).Word(uint.MaxValue),
            "nothing" => new QemuStream(),
            _ => new QemuStream().Begin().Byte(2).Word(2).Number(4096 | 8).Name("mem").Byte((byte)'x'),
        };

        await Should.ThrowAsync<UnknownStreamException>(() => SplitAsync(stream));

        new FileInfo(Path.Combine(folder, "memory")).Length.ShouldBe(MemoryBytes);
        new FileInfo(Path.Combine(folder, "state")).Length.ShouldBeLessThanOrEqualTo(stream.Bytes.Length);
    }

    [Fact]
    public async Task Pages_without_an_end_are_cut_off()
    {
        var stream = new QemuStream().Begin().Byte(2).Word(2);
        while (stream.Bytes.Length < Most + 8192)
        {
            stream.Page(4096, 'x', "mem");
        }

        (await Should.ThrowAsync<MachineException>(() => SplitAsync(stream))).Message.ShouldContain("more state than its machine can have");
        new FileInfo(Path.Combine(folder, "memory")).Length.ShouldBe(MemoryBytes);
    }

    private async Task<(byte[] State, byte[] Memory)> SplitAsync(QemuStream stream)
    {
        await using (var state = File.Create(Path.Combine(folder, "state")))
        await using (var memory = new FileStream(Path.Combine(folder, "memory"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
        {
            memory.SetLength(MemoryBytes);
            await new MemorySplit(new MemoryStream(stream.Bytes), state, memory, Most).RunAsync(Cancel);
        }

        return (await File.ReadAllBytesAsync(Path.Combine(folder, "state"), Cancel), await File.ReadAllBytesAsync(Path.Combine(folder, "memory"), Cancel));
    }

    /// <summary>QEMU's own form, word by word.</summary>
    private sealed class QemuStream
    {
        private readonly MemoryStream bytes = new();

        public byte[] Bytes => bytes.ToArray();

        public QemuStream Header() => Word(0x5145564d).Word(3).Byte(7).Word(9).Text("pc-q35-7.");

        public QemuStream Begin(long memory = MemoryBytes, string name = "mem") =>
            Header().Byte(1).Word(2).Name("ram").Word(0).Word(4).Number((ulong)(memory + 8192) | 4)
                .Name(name).Number((ulong)memory).Name("pc.rom").Number(8192).Number(0x10).Byte(0x7e).Word(2);

        public QemuStream Ram(Func<QemuStream, QemuStream> pages) => pages(Byte(3).Word(2)).Number(0x10).Byte(0x7e).Word(2);

        public QemuStream Device(string content) => Byte(4).Word(9).Name("timer").Text(content);

        public QemuStream Page(long at, char fill, string? of = null) => At(at, 8, of).Text(new string(fill, 4096));

        public QemuStream Zero(long at, string? of = null) => At(at, 2, of).Byte(0);

        public QemuStream Name(string name) => Byte((byte)name.Length).Text(name);

        public QemuStream Byte(byte value)
        {
            bytes.WriteByte(value);
            return this;
        }

        public QemuStream Word(uint value)
        {
            var word = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(word, value);
            bytes.Write(word);
            return this;
        }

        public QemuStream Number(ulong value) => Word((uint)(value >> 32)).Word((uint)value);

        public QemuStream Text(string text)
        {
            bytes.Write(Encoding.Latin1.GetBytes(text));
            return this;
        }

        private QemuStream At(long at, ulong kind, string? of) => of is null ? Number((ulong)at | kind | 0x20) : Number((ulong)at | kind).Name(of);
    }
}
