using System.Security.Cryptography;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Reads a Machinefile strictly: whatever is not understood is an error with its position, never ignored.</summary>
internal static class MachinefileReader
{
    /// <exception cref="MachineException">The file is missing or wrong; the message has a line <c>file:line:column: …</c> for each problem.</exception>
    public static Machinefile Read(ProjectRoot project)
    {
        var bytes = Bytes(project);
        return Read(YamlText.Decode(bytes, project.Machinefile), project, HostFacts.Current()) with { Sha256 = Hash(bytes) };
    }

    /// <summary>As <see cref="Machinefile.Sha256"/> of the file that is there now; empty where it can't be read.</summary>
    public static string HashOf(ProjectRoot project)
    {
        try
        {
            return Hash(Bytes(project));
        }
        catch (MachineException)
        {
            return "";
        }
    }

    /// <summary>As it stands there, not yet understood.</summary>
    /// <exception cref="MachineException">The file is missing, or can't be read.</exception>
    public static string TextOf(ProjectRoot project) => System.Text.Encoding.UTF8.GetString(Bytes(project));

    /// <summary>Reads text as if it stood in <paramref name="project"/>'s Machinefile.</summary>
    /// <exception cref="MachineException">It is wrong.</exception>
    public static Machinefile Read(string text, ProjectRoot project, HostFacts host)
    {
        var file = project.Machinefile;
        var document = YamlTree.Read(YamlText.Check(text, file), file) ?? new YamlMap(1, 1, []);

        // Shapes first: what is bound afterwards can rely on them.
        var problems = new Problems(file);
        new ShapeCheck(MachinefileKeys.Root, problems).Check(document);
        problems.ThrowIfAny();
        var machinefile = new MachinefileBinder((YamlMap)document, project, host, problems).Bind();
        problems.ThrowIfAny();
        return machinefile;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Bytes(ProjectRoot project)
    {
        var path = project.Machinefile;
        try
        {
            // A link to a device or to another project's file would be read as if it were this project's word.
            if (new FileInfo(path).LinkTarget is not null && Path.GetDirectoryName(ProjectRoot.RealPath(path)) != project.Path)
            {
                throw new MachineException($"{path} is a link that leaves the project", "make it a file of the project", ExitCode.MachineUnavailable);
            }

            return SmallFile.Read(path, YamlText.MostBytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MachineException(
                $"no Machinefile in {project.Path}", "dotnet-machine init   (writes one that fits this project)", ExitCode.MachineUnavailable, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot read {path}: {e.Message}", "a Machinefile is a page of text: make it a readable file", ExitCode.MachineUnavailable, e);
        }
    }
}
