namespace Machine.Tool.Hosting;

/// <summary>How this very program is started once more.</summary>
internal static class SelfCommand
{
    public static (string Program, IReadOnlyList<string> Arguments) With(params string[] arguments)
    {
        var host = Environment.ProcessPath ?? throw new InvalidOperationException("this process has no path");
        var dll = Path.Combine(AppContext.BaseDirectory, "dotnet-machine.dll");
        return Path.GetFileNameWithoutExtension(host) == "dotnet"
            ? (host, [dll, .. arguments])
            : File.Exists(Path.Combine(AppContext.BaseDirectory, "dotnet-machine")) && Path.GetFileNameWithoutExtension(host) != "dotnet-machine"
                // A test host loaded us as a library.
                ? (Path.Combine(AppContext.BaseDirectory, "dotnet-machine"), arguments)
                : (host, arguments);
    }
}
