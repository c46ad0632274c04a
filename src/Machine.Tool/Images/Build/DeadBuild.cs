using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>What a build left that was killed: its folder, and a machine or a package manager that may still work in it.</summary>
internal static class DeadBuild
{
    /// <param name="folder">A build's folder whose lock is free. Its name is unique, so who has it in a command line belongs to that build.</param>
    public static async Task RemoveAsync(string folder)
    {
        var full = Path.GetFullPath(folder);
        foreach (var process in HostProcess.WithArgument(word => word.EndsWith(full, StringComparison.Ordinal) || word.Contains(full + "/", StringComparison.Ordinal)).ToList())
        {
            try
            {
                await process.KillAsync(CancellationToken.None);
            }
            catch (MachineException)
            {
                // It is another user's, and only looks at the folder.
            }
        }

        await PrivateNamespace.DeleteAsync(folder);
    }
}
