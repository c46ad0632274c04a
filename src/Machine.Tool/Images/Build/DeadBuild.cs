using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>What a build left that was killed: its folder, and a machine or a package manager that may still work in it.</summary>
internal static class DeadBuild
{
    /// <param name="folder">A build's folder whose lock is free. Its name is unique, so who has it in a command line belongs to that build.</param>
    public static async Task RemoveAsync(string folder)
    {
        await ProcessesNaming.KillAsync(Path.GetFullPath(folder));
        await PrivateNamespace.DeleteAsync(folder);
    }
}
