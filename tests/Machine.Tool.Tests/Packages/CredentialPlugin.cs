namespace Machine.Tool.Tests.Packages;

/// <summary>The credential provider of the user who runs the tests: a real plug-in of NuGet's, in a process of its own.</summary>
internal static class CredentialPlugin
{
    private static readonly Lock Gate = new();
    private static string folder = "";

    /// <summary>Before NuGet looks for plug-ins, which it does once.</summary>
    public static void Install(string state)
    {
        folder = state;
        var build = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.Combine(build.Parent!.Parent!.Parent!.Parent!.FullName, "Machine.CredentialPlugin", "bin", build.Parent.Name, build.Name, "Machine.CredentialPlugin.dll");
        Environment.SetEnvironmentVariable("NUGET_NETCORE_PLUGIN_PATHS", program);
        Environment.SetEnvironmentVariable("MACHINE_TEST_PLUGIN", folder);
    }

    public static void Knows(Uri server, string user, string password)
    {
        lock (Gate)
        {
            File.AppendAllText(Path.Combine(folder, "answers"), $"{server.AbsoluteUri} {user} {password}\n");
        }
    }

    /// <summary>What it was asked about a server: whether again, and whether without a dialogue.</summary>
    public static IReadOnlyList<(bool Again, bool NonInteractive)> AskedAbout(Uri server)
    {
        var file = Path.Combine(folder, "asked");
        return [.. (File.Exists(file) ? File.ReadAllLines(file) : [])
            .Select(line => line.Split(' '))
            .Where(words => words[0].StartsWith(server.AbsoluteUri, StringComparison.Ordinal))
            .Select(words => (bool.Parse(words[1]), bool.Parse(words[2])))];
    }
}
