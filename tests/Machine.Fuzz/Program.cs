using System.Globalization;
using System.Runtime.CompilerServices;
using Machine.Fuzz;
using SharpFuzz;

// Machine.Fuzz TARGET                       one input at a time, driven by afl-fuzz
// Machine.Fuzz TARGET --seconds N           guided by coverage in this process; TARGET may be "all"
//   --corpus FOLDER   where inputs begin (default: corpus beside the sources); a folder TARGET below it is taken
//   --keep FOLDER     writes the smallest inputs that reach the same
//   --seed N          the same changes again
//   --crashes FOLDER  where findings are written (default: fuzz-findings)
Instrumentation.Apply();
return Run(args);

// Apart from the line above: it rewrites assemblies before any of their types is touched.
[MethodImpl(MethodImplOptions.NoInlining)]
static int Run(string[] args)
{
    if (args.Length == 0 || Targets(args[0]) is not { Count: > 0 } targets)
    {
        Console.Error.WriteLine($"usage: Machine.Fuzz TARGET [--seconds N] [--corpus FOLDER] [--keep FOLDER] [--seed N] [--crashes FOLDER]\ntargets: all {string.Join(' ', FuzzTarget.All.Select(target => target.Name))}");
        return 2;
    }

    if (Option("--seconds") is not { } seconds)
    {
        Fuzzer.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            targets[0].Run(input.ToArray());
        });
        return 0;
    }

    var corpus = Option("--corpus") ?? Path.Combine(AppContext.BaseDirectory, "../../../corpus");
    var seed = int.Parse(Option("--seed") ?? "1", CultureInfo.InvariantCulture);
    var code = 0;
    foreach (var target in targets)
    {
        var loop = new FuzzLoop(target, Option("--crashes") ?? "fuzz-findings", seed);
        loop.Run(Inputs(Path.Combine(corpus, target.Name)), TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
        var (runs, branches) = (loop.Runs, loop.Branches);
        if (Option("--keep") is { } keep)
        {
            Write(Path.Combine(keep, target.Name), loop.Smallest());
        }

        Console.WriteLine($"{target.Name}: {runs} inputs, {branches} branches, {loop.Findings} findings");
        code |= loop.Findings > 0 ? 1 : 0;
    }

    return code;

    string? Option(string name) => Array.IndexOf(args, name) is > 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
}

static List<FuzzTarget> Targets(string name) => [.. FuzzTarget.All.Where(target => name == "all" || target.Name == name)];

static IEnumerable<byte[]> Inputs(string folder) =>
    Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes) : [];

static void Write(string folder, IEnumerable<byte[]> inputs)
{
    Directory.CreateDirectory(folder);
    foreach (var input in inputs)
    {
        File.WriteAllBytes(Path.Combine(folder, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16]), input);
    }
}
