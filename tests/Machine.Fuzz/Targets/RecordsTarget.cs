using Machine.Build.Client;
using Machine.Build.Records;

namespace Machine.Fuzz.Targets;

/// <summary>A build in the guest wrote lines that the host's build logs as its own.</summary>
internal static class RecordsTarget
{
    public static FuzzTarget Target { get; } = new(
        "records", Run,
        "##machine-build[1]\t", "E\t0\tCS1\tsub\ta.cs\t1\t2\t3\t4\tp.csproj\tk\tl\ttext", "W", "M", "C", "\t", "\\", "\\t", "\\n", "\\r", "\\\\", "\n", "\r\n", "\u001b[31m", "\u202e", "##vso[task.setvariable]", "2147483647", "-1");

    private static void Run(byte[] input)
    {
        var lines = new List<string>();
        using var reader = new StringReader(System.Text.Encoding.UTF8.GetString(input));
        BoundedLines.ReadAsync(reader, lines.Add).GetAwaiter().GetResult();
        foreach (var line in lines)
        {
            Promise.Holds(line.Length <= BoundedLines.Most && !line.Contains('\n', StringComparison.Ordinal), "a line has no bound");
            if (RecordLine.TryRead(line) is { } record)
            {
                Check(record);
            }
        }
    }

    private static void Check(BuildRecord record)
    {
        foreach (var field in new[] { record.Code, record.Subcategory, record.File, record.Project, record.HelpKeyword, record.HelpLink })
        {
            Promise.IsPlain(field, "a field");
        }

        Promise.IsPlain(record.Text, "the text", lines: true);
        Promise.Holds(record is { Line: >= 0, Column: >= 0, EndLine: >= 0, EndColumn: >= 0, Importance: >= 0 and <= 2 }, "a number is none");
        var written = RecordLine.Write(record);
        Promise.Holds(!written.Contains('\n', StringComparison.Ordinal) && !written.Contains('\r', StringComparison.Ordinal), "a record is two lines");
        var again = RecordLine.TryRead(written);
        Promise.Holds(again is not null && again.Kind == record.Kind && again.Code == record.Code && again.Line == record.Line, "a record reads differently the second time");
    }
}
