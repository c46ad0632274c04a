using System.Runtime.InteropServices;

namespace Machine.Shim.Unix;

/// <summary>Replaces this process by dotnet-machine: the same process id, terminal, signals and open files.</summary>
internal static unsafe class Replacement
{
    private const byte NewLine = (byte)'\n';

    /// <returns>Only when it could not be done.</returns>
    public static int Run(string folder, string[] args)
    {
        var tool = Bytes.OfFile(Bytes.Of(folder + "../../tool"), out var length);
        if (tool is null)
        {
            return Fail("this project's .machine folder is incomplete");
        }

        // At most: the lines of the file, the verb, the arguments, the NULL.
        var words = (byte**)NativeMemory.Alloc((nuint)(length + args.Length + 2) * (nuint)sizeof(byte*));
        var count = ToolWords(tool, length, words);
        if (count == 0)
        {
            return Fail("this project's .machine/tool names no program");
        }

        var first = 0;
        if (args is ["machine", ..])
        {
            first = 1;
        }
        else
        {
            words[count++] = Bytes.Of("dotnet");
        }

        count += Arguments(args, first, words + count);
        words[count] = null;
        _ = Libc.Exec(words[0], words);
        return Fail(Marshal.GetLastSystemError() == Libc.NoSuchFile
            ? "the dotnet-machine that set up this project is gone from this computer"
            : "the dotnet-machine that set up this project can't be started");
    }

    // First line: DOTNET_ROOT, for a tool whose own start would not find it. The others: the tool's program, its arguments.
    private static int ToolWords(byte* text, int length, byte** words)
    {
        var count = 0;
        var start = text;
        for (var at = text; at < text + length; at++)
        {
            if (*at != NewLine)
            {
                continue;
            }

            *at = 0;
            words[count++] = start;
            start = at + 1;
        }

        if (count < 2 || *words[0] != '/' || *words[1] != '/')
        {
            return 0;
        }

        _ = Libc.SetVariable(Bytes.Of("DOTNET_ROOT"), words[0], overwrite: 0);
        for (var i = 1; i < count; i++)
        {
            words[i - 1] = words[i];
        }

        return count - 1;
    }

    // As the bytes they were given as where the kernel tells them: .NET's strings lose what is not UTF-8.
    private static int Arguments(string[] args, int first, byte** words)
    {
        var count = args.Length - first;
        var length = 0;
        var line = OperatingSystem.IsLinux() ? Bytes.OfFile(Bytes.Of("/proc/self/cmdline"), out length) : null;
        var total = 0;
        for (var i = 0; line is not null && i < length; i++)
        {
            total += line[i] == 0 ? 1 : 0;
        }

        if (line is null || total < count)
        {
            for (var i = 0; i < count; i++)
            {
                words[i] = Bytes.Of(args[first + i]);
            }

            return count;
        }

        for (var skip = total - count; skip > 0; line++)
        {
            skip -= *line == 0 ? 1 : 0;
        }

        for (var i = 0; i < count; i++)
        {
            words[i] = line;
            while (*line++ != 0)
            {
            }
        }

        return count;
    }

    private static int Fail(string what)
    {
        var text = Bytes.Of($"machine: {what}\n  → dotnet-machine start   (with the hyphen: it sets this project up again)\n");
        var length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        _ = Libc.Write(2, text, length);
        return ExitCode.MachineUnavailable;
    }
}
