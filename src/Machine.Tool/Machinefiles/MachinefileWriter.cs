using System.Globalization;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Writes the first Machinefile of a project: short, commented, fitted to what lies there.</summary>
internal static class MachinefileWriter
{
    /// <summary>Writes <c>Machinefile</c> into a folder and returns its path.</summary>
    /// <exception cref="MachineException">There is one already (it is never overwritten), or the folder can't be written.</exception>
    public static string Init(string folder)
    {
        var path = Path.Combine(ProjectRoot.RealPath(folder), ProjectRoot.MachinefileName);
        var text = Compose(ProjectSurvey.Of(Path.GetDirectoryName(path)!));
        var created = false;
        try
        {
            // CreateNew neither follows a link nor races with another init.
            using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            created = true;
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!created && (File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null))
            {
                throw new MachineException($"there is already a {path}", "edit it, or remove it first", ExitCode.Failed, e);
            }

            if (created)
            {
                File.Delete(path);
            }

            throw new MachineException($"cannot write {path}: {e.Message}", "make the folder writable", ExitCode.Failed, e);
        }
    }

    public static string Compose(ProjectSurvey survey)
    {
        var text = new StringBuilder();
        text.Append("# The virtual machine of this project. Every key has a default; `dotnet machine docs machinefile` describes them all.\n\n");
        Line(text, true, $"image: {MachinefileDefaults.Image}", "debian/12, debian/13, or a qcow2 disk with its sha256");
        Line(text, true, $"sdk: {MachinefileDefaults.Sdk}", survey switch
        {
            { GlobalJsonSdk: { } pinned } => $"pins {pinned}",
            { HasGlobalJson: true } => "names no exact version: the newest that this host has",
            _ => "there is none: the newest SDK that this host has",
        });
        Line(text, false, $"cpus: {MachinefileDefaults.Cpus}", "never more than the host has");
        Line(text, false, $"memory: {ByteSize.Format(MachinefileDefaults.MemoryBytes)}", "at most half of the host's, unless it is written here");
        Line(text, false, $"disk: {ByteSize.Format(MachinefileDefaults.DiskBytes)}", "of the machine's own, ephemeral disk");

        string[] packages = [.. survey.HasGit ? ["git"] : Array.Empty<string>(), .. survey.HasNode ? ["nodejs", "npm"] : Array.Empty<string>()];
        text.Append('\n');
        Line(text, packages.Length > 0, $"packages: [{string.Join(", ", packages.Length > 0 ? packages : MachinefileDefaults.Packages)}]", "of the distribution");
        Line(text, false, "tools: { npm: [], dotnet: [] }", "installed into the image");
        Line(text, false, "docker: true", "Docker inside; its images on a volume of their own");
        Line(text, false, "env: { ASPNETCORE_ENVIRONMENT: Development }", "a name without a value passes the host's");
        Line(text, survey.Ports.Count > 0, $"ports: [{string.Join(", ", survey.Ports.Count > 0 ? survey.Ports : [5000])}]", survey.Ports.Count > 0 ? "from launchSettings.json; this host's loopback only" : "this host's loopback only");
        Line(text, false, "shares: [{ host: ../data, guest: /data, write: false }]", null);
        Line(text, false, "volumes: { packages: default, db: { guest: /var/lib/postgresql, size: 10GiB } }", null);
        text.Append("\n# workspace:\n");
        text.Append(CultureInfo.InvariantCulture, $"#   outputs: [{string.Join(", ", MachinefileDefaults.Outputs.Select(glob => $"\"{glob}\""))}]   # imported without asking\n");
        text.Append("#   changes: ask   # ask | hold | apply\n");
        Line(text, false, "idle: 15m", "unused for so long, the machine is suspended to disk; `never` keeps it up");
        Line(text, false, "restore: { cooldown: 3d, vulnerabilities: high }", "packages: no version younger than this; none of NuGet's with an advisory that is high or worse");
        Line(text, false, "provision: [./machine/setup.sh]", "run as root in the image build");
        return text.ToString();
    }

    private static void Line(StringBuilder text, bool inForce, string yaml, string? comment) =>
        text.Append(inForce ? "" : "# ").Append(yaml).Append(comment is null ? "" : $"   # {comment}").Append('\n');
}
