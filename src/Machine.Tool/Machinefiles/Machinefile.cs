namespace Machine.Tool.Machinefiles;

/// <summary>What a Machinefile says, defaults filled in. Made by <see cref="MachinefileReader"/>.</summary>
/// <param name="Image"><c>debian/12</c>, <c>debian/13</c>, or the absolute real path or the http(s) URL of a qcow2 disk.</param>
/// <param name="ImageSha256">64 lower-case hex digits for a path or URL, null otherwise.</param>
/// <param name="Sdk"><c>global.json</c>, an exact version, or <c>none</c>.</param>
/// <param name="Cpus">Virtual processors; at least 1, never more than the host has.</param>
/// <param name="MemoryBytes">Guest memory in bytes, a whole number of MiB.</param>
/// <param name="DiskBytes">Limit of the ephemeral root disk in bytes, a whole number of MiB.</param>
/// <param name="Packages">Packages of the distribution: <c>name[:architecture][=version]</c>.</param>
/// <param name="NpmTools">npm packages installed globally into the image: <c>name</c> or <c>name@version</c>, never an option, address or path.</param>
/// <param name="DotnetTools">dotnet tools installed into the image, <c>id</c> or <c>id@version</c>.</param>
/// <param name="Env">Variables of every command; a null value passes the host's own value.</param>
/// <param name="Ports">Ports of the guest that the host's loopback reaches.</param>
/// <param name="Shares">Further folders of the host.</param>
/// <param name="Volumes">Disks that outlive the machine, by name (at most 16 of a-z, 0-9 and '-'); always holds <c>packages</c> unless switched off.</param>
/// <param name="Workspace">How the project is seen inside and what comes back.</param>
/// <param name="Provision">Scripts run as root in the image build, in order.</param>
/// <param name="Idle">How long the machine stays up unused; null for ever.</param>
/// <param name="RequiresAccelerator">Rather no machine than an emulated one.</param>
internal sealed record Machinefile(
    string Image,
    string? ImageSha256,
    string Sdk,
    int Cpus,
    long MemoryBytes,
    long DiskBytes,
    IReadOnlyList<string> Packages,
    IReadOnlyList<string> NpmTools,
    IReadOnlyList<string> DotnetTools,
    IReadOnlyDictionary<string, string?> Env,
    IReadOnlyList<PortForward> Ports,
    IReadOnlyList<Share> Shares,
    IReadOnlyDictionary<string, Volume> Volumes,
    WorkspaceSettings Workspace,
    IReadOnlyList<ProvisionScript> Provision,
    TimeSpan? Idle,
    bool RequiresAccelerator = false)
{
    /// <summary>Of the file's bytes, lower-case hex; empty where no file was read.</summary>
    public string Sha256 { get; init; } = "";
}

/// <summary>TCP ports from 1 to 65535, both ends on loopback. No two have the same host port.</summary>
internal sealed record PortForward(int Host, int Guest);

/// <param name="HostPath">Absolute, resolved against the project, links resolved: the folder that was checked and is approved.</param>
/// <param name="GuestPath">Absolute path in the guest; overlaps no other mount, nor the project.</param>
/// <param name="Write">The guest may write it.</param>
internal sealed record Share(string HostPath, string GuestPath, bool Write);

/// <param name="GuestPath">Where it is mounted. For the built-in <c>packages</c> volume the guest's package cache folder.</param>
/// <param name="SizeBytes">Size limit in bytes, a whole number of MiB.</param>
internal sealed record Volume(string GuestPath, long SizeBytes);

internal enum ChangesMode
{
    /// <summary>Held; on a terminal the command ends with a question.</summary>
    Ask,

    /// <summary>Held, never asked.</summary>
    Hold,

    /// <summary>Imported without asking, guarded files excepted.</summary>
    Apply,
}

/// <param name="Outputs">
/// Globs, relative to the project, of what is imported without asking: <c>*</c> and <c>?</c> within a name, <c>**</c> (alone between
/// slashes) for any number of folders.
/// </param>
/// <param name="Changes">What becomes of every other change.</param>
internal sealed record WorkspaceSettings(IReadOnlyList<string> Outputs, ChangesMode Changes);
