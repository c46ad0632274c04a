using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>A text file of the project's that is edited in place: its byte order mark and its line ends stay.</summary>
internal sealed record ProjectText(string Path, string Text, bool HasMark)
{
    public string NewLine => Text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    /// <summary>Null where there is none.</summary>
    /// <exception cref="MachineException">It can't be read, is no text, or a link: what it names may not be the project's.</exception>
    public static ProjectText? TryRead(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new MachineException($"{path} is a link; it is not edited", "make it a file of the project");
        }

        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = Bytes(path);
        var mark = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble);
        try
        {
            var text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes.AsSpan(mark ? Encoding.UTF8.Preamble.Length : 0));
            return new ProjectText(path, text, mark);
        }
        catch (DecoderFallbackException e)
        {
            throw new MachineException($"{path} is not UTF-8", "save it as UTF-8", ExitCode.Failed, e);
        }
    }

    /// <summary>Replaces the file in one step; nothing happens where the text stays the same.</summary>
    /// <returns>True when it was written.</returns>
    public bool Write(string text)
    {
        if (text == Text && File.Exists(Path))
        {
            return false;
        }

        var temporary = $"{Path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(temporary, text, new UTF8Encoding(HasMark));
            if (File.Exists(Path) && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(Path));
            }

            File.Move(temporary, Path, overwrite: true);
            return true;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return SmallFile.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot read {path}: {e.Message}", "make it a readable file", ExitCode.Failed, e);
        }
    }
}
