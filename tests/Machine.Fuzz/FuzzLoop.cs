using System.Diagnostics;
using System.Security.Cryptography;

namespace Machine.Fuzz;

/// <summary>
/// Coverage-guided fuzzing in one process, with SharpFuzz's counts of branches: an input that reaches a branch (or a number of times)
/// that none reached before is kept and changed further. Needs nothing but the SDK, so it runs wherever the tests run.
/// </summary>
internal sealed class FuzzLoop(FuzzTarget target, string crashes, int seed)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);
    private const long MostAllocated = 512L << 20;

    private readonly Random random = new(seed);
    private readonly byte[] seen = new byte[Instrumentation.MapBytes];
    private readonly List<byte[]> corpus = [];
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private byte[] current = [];
    private long begun;
    private (long Begun, TimeSpan Used) watched;

    public long Runs { get; private set; }

    public int Findings => told.Count;

    public int Branches => seen.Count(bits => bits != 0);

    /// <summary>Inputs that together reach all that was reached, the short ones first.</summary>
    public IEnumerable<byte[]> Smallest()
    {
        Array.Clear(seen);
        foreach (var input in corpus.OrderBy(input => input.Length).ToList())
        {
            if (Try(input))
            {
                yield return input;
            }
        }
    }

    public void Run(IEnumerable<byte[]> begin, TimeSpan time)
    {
        // A hang ends the process: there is no other way out of it.
        using var watch = new Timer(_ => EndIfStuck(), null, Slow, Slow);
        var clock = Stopwatch.StartNew();
        foreach (var input in begin.Append([]))
        {
            if (Try(input) || corpus.Count == 0)
            {
                corpus.Add(input);
            }
        }

        var mutation = new Mutation(random, target.Words);
        while (clock.Elapsed < time)
        {
            // The newest are the least known.
            var from = random.Next(3) == 0 ? corpus.Count - 1 - random.Next(Math.Min(corpus.Count, 10)) : random.Next(corpus.Count);
            var input = mutation.Of(corpus[from], corpus[random.Next(corpus.Count)]);
            if (Try(input))
            {
                corpus.Add(input);
            }
        }

        Volatile.Write(ref begun, 0);
    }

    // True where it reached something new.
    private bool Try(byte[] input)
    {
        Runs++;
        current = input;
        Instrumentation.Begin();
        Volatile.Write(ref begun, Stopwatch.GetTimestamp());
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
        }
        catch (Exception e)
        {
            // Where it was thrown tells findings apart.
            Tell(input, $"{e.GetType().Name}: {e.Message}\n{e.StackTrace}", e.GetType().Name + e.StackTrace?.Split('\n')[0] + (e is FindingException ? Kind(e.Message) : ""));
        }

        if (GC.GetAllocatedBytesForCurrentThread() - allocated > MostAllocated)
        {
            Tell(input, $"more than {MostAllocated >> 20} MiB allocated", "memory");
        }

        // A busy host is no finding: the same input takes as much of the processor again and again. What waits for ever ends the process.
        if (Stopwatch.GetElapsedTime(begun) > Slow && Enumerable.Range(0, 2).All(_ => Time(input) > Slow))
        {
            Tell(input, $"took {Time(input).TotalSeconds:0.0} s", "time");
        }

        return Merge();
    }

    private TimeSpan Time(byte[] input)
    {
        Volatile.Write(ref begun, Stopwatch.GetTimestamp());
        var used = Environment.CpuUsage.TotalTime;
        try
        {
            target.Run(input);
        }
        catch (Exception)
        {
            // Told already.
        }

        return Environment.CpuUsage.TotalTime - used;
    }

    private bool Merge()
    {
        var branches = Instrumentation.Branches;
        var isNew = false;
        for (var i = 0; i < branches.Length; i++)
        {
            if (branches[i] == 0)
            {
                // Almost all of the map is empty: on to the next that is not.
                var next = branches[i..].IndexOfAnyExcept((byte)0);
                if (next < 0)
                {
                    break;
                }

                i += next;
            }

            var bit = Bucket(branches[i]);
            isNew |= (seen[i] & bit) == 0;
            seen[i] |= bit;
        }

        return isNew;
    }

    // As AFL: how often counts in powers of two.
    private static byte Bucket(byte count) => count switch { 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 };

    private static string Kind(string message) => new([.. message.TakeWhile(c => c is not (':' or '\''))]);

    private void Tell(byte[] input, string what, string kind)
    {
        if (told.Add(kind))
        {
            Console.WriteLine($"FINDING in {target.Name}: {what}\n  input: {Keep(input)}");
        }
    }

    private string Keep(byte[] input)
    {
        Directory.CreateDirectory(crashes);
        var file = Path.Combine(crashes, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(input))[..16]}");
        File.WriteAllBytes(file, input);
        return file;
    }

    // On a busy host time passes and nothing is done; what waits for ever uses no processor.
    private void EndIfStuck()
    {
        var (since, used) = (Volatile.Read(ref begun), Environment.CpuUsage.TotalTime);
        if (since != watched.Begun)
        {
            watched = (since, used);
        }
        else if (since != 0 && (used - watched.Used > 15 * Slow || Stopwatch.GetElapsedTime(since) > 150 * Slow))
        {
            Console.WriteLine($"FINDING in {target.Name}: does not end\n  input: {Keep(current)}");
            Environment.Exit(1);
        }
    }
}
