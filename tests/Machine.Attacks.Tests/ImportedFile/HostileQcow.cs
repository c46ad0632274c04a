using System.Buffers.Binary;
using System.Text;

namespace Machine.Attacks.Tests.ImportedFile;

/// <summary>A qcow2 header as an attacker writes it: valid but for what is asked for.</summary>
internal sealed class HostileQcow
{
    private readonly byte[] bytes = new byte[1 << 18];

    public HostileQcow(uint version = 3)
    {
        Word(0, 0x514649FB);
        Word(4, version);
        Word(20, 16);
        Long(24, 1 << 20);
        Word(36, 1);
        Long(40, 0x30000);
        Long(48, 0x10000);
        Word(56, 1);
        if (version == 3)
        {
            Word(96, 4);
            Word(100, 104);
        }
    }

    public HostileQcow Word(int at, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), value);
        return this;
    }

    public HostileQcow Long(int at, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), value);
        return this;
    }

    public HostileQcow Text(int at, string text)
    {
        Encoding.ASCII.GetBytes(text).CopyTo(bytes, at);
        return this;
    }

    public HostileQcow Backing(string name) => Long(8, 0x200).Word(16, (uint)name.Length).Text(0x200, name);

    public HostileQcow Extension(int at, uint type, string value) => Word(at, type).Word(at + 4, (uint)value.Length).Text(at + 8, value);

    public byte[] ToArray() => bytes;
}
