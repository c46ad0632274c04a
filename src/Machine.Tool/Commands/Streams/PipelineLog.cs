using Machine.Tool.Hosting.Output;

namespace Machine.Tool.Commands.Streams;

/// <summary>This process's own lines in a pipeline's log.</summary>
internal static class PipelineLog
{
    /// <summary>Where this tool's own commands (groups, annotations) go; null where nothing is guarded, and any stream does.</summary>
    public static TextWriter? Commands { get; private set; }

    /// <summary>Makes text of commands in whatever this process writes from here on: names and messages of a guest are in it.</summary>
    public static void Guard()
    {
        if (Pipeline.IsThere && !Pipeline.IsRaw)
        {
            Commands = Console.Error;
            Console.SetError(new DefusingWriter(Commands));
            Console.SetOut(new DefusingWriter(Console.Out));
        }
    }
}
