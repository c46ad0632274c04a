using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using SharpFuzz;
using SharpFuzz.Common;

namespace Machine.Fuzz;

/// <summary>The map of branches that the instrumented program counts in.</summary>
internal static unsafe class Instrumentation
{
    public const int MapBytes = 1 << 16;

    private static readonly byte* Map = (byte*)NativeMemory.AllocZeroed(MapBytes);

    public static Span<byte> Branches => new(Map, MapBytes);

    /// <summary>Has the assemblies beside this one count their branches. Before any of their types is touched.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "SharpFuzz has no type for each reason.")]
    public static void Apply()
    {
        foreach (var name in new[] { "dotnet-machine.dll", "Machine.Build.dll", "YamlDotNet.dll" })
        {
            var path = Path.Combine(AppContext.BaseDirectory, name);
            try
            {
                // Two runs at once: each works on a copy and moves it into place.
                var copy = $"{path}.{Environment.ProcessId}";
                File.Copy(path, copy, overwrite: true);
                foreach (var _ in Fuzzer.Instrument(copy, type => !type.StartsWith("Machine.Tool.Commands.", StringComparison.Ordinal), Options.Value))
                {
                }

                File.Move(copy, path, overwrite: true);
            }
            catch (InstrumentationException e) when (e.Message.Contains("already", StringComparison.OrdinalIgnoreCase))
            {
                // By an earlier run.
            }
            finally
            {
                File.Delete($"{path}.{Environment.ProcessId}");
            }
        }

        Trace.SharedMem = Map;
    }

    public static void Begin()
    {
        Trace.PrevLocation = 0;
        Branches.Clear();
    }
}
