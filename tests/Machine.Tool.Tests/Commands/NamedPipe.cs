using System.Diagnostics;

namespace Machine.Tool.Tests.Commands;

/// <summary>A pipe in a folder: who opens it to read waits until somebody writes.</summary>
internal static class NamedPipe
{
    /// <summary>In the place of a file that is there.</summary>
    public static async Task MakeAsync(string path)
    {
        File.Delete(path);
        using var made = Process.Start("mkfifo", [path]);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        made.ExitCode.ShouldBe(0);
    }
}
