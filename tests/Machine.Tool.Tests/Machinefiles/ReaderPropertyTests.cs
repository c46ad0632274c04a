using FsCheck;
using FsCheck.Fluent;

using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

public sealed class ReaderPropertyTests : IDisposable
{
    private static readonly string[] Pieces =
    [
        "image", "sdk", "cpus", "memory", "disk", "packages", "tools", "env", "ports", "shares", "volumes", "workspace", "provision", "network", "idle",
        "host", "guest", "write", "size", "outputs", "changes", "mode", "path", "url", "sha256", "npm", "dotnet", "db",
        ": ", ":", "\n", "\n  ", "\n- ", "- ", "? ", "[", "]", "{", "}", ", ", "\"", "'", "\\", "\\U", "\\x", "#", "&a ", "*a", "!t ", "!!", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! x\n",
        "|", ">-", "|9", "~", "null", "true", "4GiB", "9999999999999999999", "8080:80", "/", "..", "**", "/data", "../x", "-", "\t", "\r\n", "\0", "\ufeff", "\u2028", "ä", "😀", "\ud83d", "<<", "=", "@", "`", "0x1", "1e9", ".inf",
    ];

    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void No_text_makes_the_reader_throw_anything_but_its_own_failure()
    {
        var documents = Gen.OneOf(
            Gen.Elements(Pieces).ListOf().Select(string.Concat),
            ArbMap.Default.GeneratorFor<string>().Select(text => text ?? ""),
            Gen.Elements(Valid().ToArray()).SelectMany(Mutated));
        Prop.ForAll(documents.ToArbitrary(), Holds).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(4000).WithEndSize(60));
    }

    [Fact]
    public void No_bytes_make_the_decoder_throw_anything_but_its_own_failure() =>
        Prop.ForAll<byte[]>(bytes =>
        {
            try
            {
                _ = YamlText.Decode(bytes, "Machinefile");
            }
            catch (MachineException)
            {
                // The one that callers expect.
            }
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(1000));

    [Fact]
    public void A_size_is_read_back_as_it_was_written() =>
        Prop.ForAll(Gen.Choose(1, int.MaxValue).ToArbitrary(), mib =>
            ByteSize.TryParse(ByteSize.Format(mib * ByteSize.MiB)) == mib * ByteSize.MiB).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    [Fact]
    public void Any_value_of_a_variable_arrives_unchanged() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), value =>
        {
            value = string.Concat((value ?? "").Where((_, i) => !Printable.IsDeceptive(value!, i))).ReplaceLineEndings("\n");
            var quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
                .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
            return scratch.Read($"env: {{ A: \"{quoted}\" }}").Env["A"] == value;
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    private static IEnumerable<string> Valid() => MachinefileKeys.Root.Keys.Select(key => key.Example).Where(example => example.Length > 0);

    // A valid file with a piece put in somewhere and some characters taken out.
    private static Gen<string> Mutated(string text) =>
        from at in Gen.Choose(0, text.Length)
        from gone in Gen.Choose(0, Math.Min(3, text.Length - at))
        from piece in Gen.Elements(Pieces)
        select text[..at] + piece + text[(at + gone)..];

    private void Holds(string text)
    {
        try
        {
            _ = scratch.Read(text);
        }
        catch (MachineException e)
        {
            e.Message.ShouldMatch(@":\d+:\d+: ");
        }
    }
}
