namespace Machine.Tool.Hosting;

/// <summary>Deletes a folder whole or, where this process is ended meanwhile, leaves rubbish under a name that nobody takes for it.</summary>
internal static class AtomicDelete
{
    /// <param name="rubbish">How the name of a folder that is being deleted begins; who sweeps knows it.</param>
    /// <returns>False where there is no such folder.</returns>
    public static bool Folder(string folder, string rubbish)
    {
        if (!Directory.Exists(folder))
        {
            return false;
        }

        var dying = Path.Combine(Path.GetDirectoryName(folder)!, rubbish + NewName());
        Directory.Move(folder, dying);
        Directory.Delete(dying, recursive: true);
        return true;
    }

    /// <summary>Eight letters that no other folder has.</summary>
    public static string NewName() => Guid.NewGuid().ToString("N")[..8];
}
