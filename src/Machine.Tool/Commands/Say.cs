using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>What a verb says: results on standard output, everything else on standard error.</summary>
internal static class Say
{
    public static void Result(string line) => Console.Out.WriteLine(line);

    public static void Aside(string line) => Console.Error.WriteLine($"machine: {Tainted.Lines(line)}");

    public static void Json<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, JsonState.Options));
}
