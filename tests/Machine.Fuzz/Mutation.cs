using System.Text;

namespace Machine.Fuzz;

/// <summary>Makes an input of others: a few random changes, one after another, as AFL's havoc stage does.</summary>
internal sealed class Mutation(Random random, IReadOnlyList<string> words)
{
    public const int MostBytes = 16 * 1024;

    private static readonly byte[] Interesting = [0, 1, 7, 8, 9, 10, 13, 16, 32, 34, 39, 47, 58, 64, 92, 100, 127, 128, 255];
    private readonly byte[][] pieces = [.. words.Select(Encoding.UTF8.GetBytes)];

    public byte[] Of(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        if (random.Next(6) == 0 && other.Length > 0)
        {
            // The beginning of one, the end of another.
            bytes.RemoveRange(random.Next(bytes.Count + 1) is var cut ? cut : 0, bytes.Count - cut);
            bytes.AddRange(other.AsSpan(random.Next(other.Length)));
        }

        for (var left = 1 << random.Next(5); left > 0; left--)
        {
            Change(bytes);
        }

        return bytes.Count > MostBytes ? [.. bytes.Take(MostBytes)] : [.. bytes];
    }

    private void Change(List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(1 << random.Next(7), bytes.Count - at);
        switch (random.Next(pieces.Length > 0 ? 11 : 8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2 when at < bytes.Count:
                bytes[at] = Interesting[random.Next(Interesting.Length)];
                break;
            case 3 when at < bytes.Count:
                bytes[at] += (byte)(random.Next(35) - 17);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 6:
                bytes.Insert(at, Interesting[random.Next(Interesting.Length)]);
                break;
            case 7:
                bytes.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), 1 << random.Next(10)));
                break;
            case > 7:
                var piece = pieces[random.Next(pieces.Length)];
                if (random.Next(2) == 0)
                {
                    bytes.RemoveRange(at, Math.Min(piece.Length, bytes.Count - at));
                }

                bytes.InsertRange(at, piece);
                break;
        }
    }
}
