using System.Runtime.CompilerServices;

using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>
/// The schema and the reference in docs say what the reader does. After a change of MachinefileKeys.cs write them anew with
/// <c>MACHINE_WRITE_DOCS=1 dotnet run --project tests/Machine.Tool.Tests -- -class Machine.Tool.Tests.Machinefiles.MachinefileDocsTests</c>.
/// </summary>
public sealed class MachinefileDocsTests
{
    private const string Remedy = "MachinefileKeys.cs changed; MachinefileDocsTests says how to write the docs anew";

    private static readonly bool Write = Environment.GetEnvironmentVariable("MACHINE_WRITE_DOCS") == "1";

    [Fact]
    public void The_schema_in_docs_is_the_readers() => Same("machinefile.schema.json", _ => MachinefileSchema.Generate());

    [Fact]
    public void The_reference_in_docs_is_the_readers() => Same("machinefile.md", text =>
    {
        var start = text.IndexOf('\n', text.IndexOf("<!-- keys:", StringComparison.Ordinal)) + 1;
        var end = text.IndexOf("<!-- /keys -->", StringComparison.Ordinal);
        return $"{text[..start]}\n{MachinefileReference.Generate()}\n{text[end..]}";
    });

    private static void Same(string name, Func<string, string> generate)
    {
        var path = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "docs", name));
        var now = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        var expected = generate(now);
        if (Write)
        {
            File.WriteAllText(path, expected);
            return;
        }

        now.ShouldBe(expected, Remedy);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
