namespace Machine.Tool.Hosting;

/// <summary>
/// A file of a machine's state folder that outlives the machine: its outputs stay on the host, and the next machine of the project knows them for its own.
/// The copy lies beside the machines' folders, and begins with a dot, as no machine does.
/// </summary>
internal static class OutlivingFile
{
    /// <summary>The list of what the machine brought.</summary>
    public const string Ledger = "changes.json";

    /// <summary>Whose the machine was.</summary>
    public const string Project = "project.json";

    public static string KeptPath(string machineFolder, string name) => Path.Combine(Path.GetDirectoryName(machineFolder)!, $".{Path.GetFileName(machineFolder)}.{name}");

    /// <summary>Before a machine's folder is deleted.</summary>
    public static void KeepAll(string machineFolder)
    {
        foreach (var name in new[] { Ledger, Project })
        {
            if (File.Exists(Path.Combine(machineFolder, name)))
            {
                File.Copy(Path.Combine(machineFolder, name), KeptPath(machineFolder, name), overwrite: true);
            }
        }
    }

    /// <summary>What was kept is of no use to the machine that comes to lie here: another project's.</summary>
    public static void ForgetAll(string machineFolder)
    {
        File.Delete(KeptPath(machineFolder, Ledger));
        File.Delete(KeptPath(machineFolder, Project));
    }
}
