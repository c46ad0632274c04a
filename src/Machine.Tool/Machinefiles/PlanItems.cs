using System.Globalization;
using System.Security.Cryptography;

using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Says what each key of a Machinefile asks of the host, and whether that widens the boundary.</summary>
internal static class PlanItems
{
    public static IEnumerable<PlanItem> OfImage(Machinefile file, ProjectRoot project)
    {
        if (file.ImageSha256 is not { } sha256)
        {
            yield return Within($"image {file.Image}, built on this host");
        }
        else if (file.Image.StartsWith("http", StringComparison.Ordinal))
        {
            // The host's own network reaches places that the guest may not.
            yield return Widening($"this host downloads {Safe(file.Image)}", "download", file.Image, sha256);
        }
        else
        {
            var inside = file.Image.StartsWith(project.Path + Path.DirectorySeparatorChar, StringComparison.Ordinal);
            yield return new PlanItem($"reads the disk {Safe(file.Image)}", !inside, ["disk", file.Image, sha256]);
        }
    }

    public static IEnumerable<PlanItem> OfGuest(Machinefile file, ProjectRoot project)
    {
        yield return Within(string.Create(CultureInfo.InvariantCulture, $"{file.Cpus} processors, {ByteSize.Format(file.MemoryBytes)} of memory, {ByteSize.Format(file.DiskBytes)} of disk"));
        if (file.Packages.Concat(file.NpmTools).Concat(file.DotnetTools).ToList() is { Count: > 0 } packages)
        {
            yield return Within($"installs into the image: {Safe(string.Join(", ", packages))}");
        }

        // They run as root with the image build's network, before any rule of this file is in force.
        // Their order is a part of what they do.
        foreach (var (place, script) in file.Provision.Index())
        {
            yield return Widening(
                $"provision script run as root in the image build: {Safe(script)}", "provision", place.ToString(CultureInfo.InvariantCulture), script, ContentHash(project, script));
        }

        foreach (var (name, volume) in file.Volumes.OrderBy(volume => volume.Key, StringComparer.Ordinal))
        {
            yield return Within($"keeps a volume {name} of up to {ByteSize.Format(volume.SizeBytes)} at {Safe(volume.GuestPath)}");
        }
    }

    public static IEnumerable<PlanItem> OfHost(Machinefile file)
    {
        foreach (var (name, _) in file.Env.Where(variable => variable.Value is null).OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            yield return Widening($"the host's value of the variable {name} is passed in", "env", name);
        }

        foreach (var port in file.Ports.OrderBy(port => port.Host))
        {
            // Programs and browsers of the host trust what answers on loopback.
            var (host, guest) = (port.Host.ToString(CultureInfo.InvariantCulture), port.Guest.ToString(CultureInfo.InvariantCulture));
            yield return Widening($"port 127.0.0.1:{host} → {guest} of the guest", "port", host, guest);
        }

        foreach (var share in file.Shares)
        {
            yield return Widening(
                share.Write ? $"the guest may read and write {Safe(share.HostPath)} (share, at {Safe(share.GuestPath)})" : $"the guest may read {Safe(share.HostPath)} (share, at {Safe(share.GuestPath)})",
                "share", share.HostPath, share.GuestPath, share.Write ? "write" : "read");
        }
    }

    public static IEnumerable<PlanItem> OfWorkspace(WorkspaceSettings workspace)
    {
        foreach (var glob in workspace.Outputs)
        {
            yield return MachinefileDefaults.Outputs.Contains(glob, StringComparer.Ordinal)
                ? Within($"imported without asking: {glob}")
                : Widening($"imported without asking: {Safe(glob)}", "output", glob);
        }

        if (workspace.Changes == ChangesMode.Apply)
        {
            yield return Widening("every change of the guest is imported without asking (guarded files excepted)", "changes", "apply");
        }
    }

    private static PlanItem Within(string text) => new(text, Widens: false, []);

    private static PlanItem Widening(string text, params string[] identity) => new(text, Widens: true, identity);

    private static string Safe(string text) => Printable.Escape(text);

    private static string ContentHash(ProjectRoot project, string script)
    {
        var path = Path.Combine(project.Path, script);
        try
        {
            using var stream = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"cannot read the provision script {Safe(path)}: {e.Message}", "make it a readable file", ExitCode.MachineUnavailable, e);
        }
    }
}
