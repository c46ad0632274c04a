using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

/// <summary>A project in a folder of its own, on a made-up host: enough memory, a home and a state folder beside the project.</summary>
public sealed class Scratch : IDisposable
{
    private readonly string root = ProjectRoot.RealPath(Directory.CreateTempSubdirectory("machinefile-").FullName);

    public Scratch()
    {
        Project = new ProjectRoot(Directory.CreateDirectory(At("project")).FullName);
        Host = new HostFacts(8, 64L << 30, Directory.CreateDirectory(At("home")).FullName, [Directory.CreateDirectory(At("state")).FullName]);
    }

    internal ProjectRoot Project { get; }

    internal HostFacts Host { get; }

    /// <summary>A path beside the project.</summary>
    public string At(string name) => Path.Combine(root, name);

    public string Write(string relative, string content)
    {
        var path = Path.Combine(Project.Path, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    internal Machinefile Read(string text) => MachinefileReader.Read(text, Project, Host);

    /// <summary>The error that reading ends with, its file name cut off: <c>3:1: unknown key …</c>.</summary>
    public (string Message, string Remedy) Refusal(string text)
    {
        var error = Should.Throw<MachineException>(() => Read(text));
        return (error.Message.Replace(Project.Machinefile + ":", "", StringComparison.Ordinal), error.Remedy ?? "");
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
