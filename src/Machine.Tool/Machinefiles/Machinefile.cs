using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Machinefiles;

/// <summary>What a Machinefile says, defaults filled in. Made by <see cref="MachinefileReader"/>.</summary>
internal sealed record Machinefile
{
    /// <summary><c>debian/12</c>, <c>debian/13</c>, or the absolute real path or the http(s) URL of a qcow2 disk.</summary>
    public required string Image { get; init; }

    /// <summary>64 lower-case hex digits for a path or URL, null otherwise.</summary>
    public string? ImageSha256 { get; init; }

    /// <summary><c>global.json</c>, an exact version, or <c>none</c>.</summary>
    public required string Sdk { get; init; }

    /// <summary>Virtual processors; at least 1, never more than the host has.</summary>
    public required int Cpus { get; init; }

    /// <summary>Guest memory in bytes, a whole number of MiB.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Limit of the ephemeral root disk in bytes, a whole number of MiB.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Packages of the distribution: <c>name[:architecture][=version]</c>.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    /// <summary>The image has Docker, and <see cref="Volumes"/> a disk for its images.</summary>
    public bool Docker { get; init; }

    /// <summary>npm packages installed globally into the image: <c>name</c> or <c>name@version</c>, never an option, address or path.</summary>
    public required IReadOnlyList<string> NpmTools { get; init; }

    /// <summary>dotnet tools installed into the image, <c>id</c> or <c>id@version</c>.</summary>
    public required IReadOnlyList<string> DotnetTools { get; init; }

    /// <summary>Variables of every command; a null value passes the host's own value.</summary>
    public required IReadOnlyDictionary<string, string?> Env { get; init; }

    /// <summary>Ports of the guest that the host's loopback reaches.</summary>
    public required IReadOnlyList<PortForward> Ports { get; init; }

    /// <summary>Further folders of the host.</summary>
    public required IReadOnlyList<Share> Shares { get; init; }

    /// <summary>Disks that outlive the machine, by name (at most 16 of a-z, 0-9 and '-'); always holds <c>packages</c> unless switched off.</summary>
    public required IReadOnlyDictionary<string, Volume> Volumes { get; init; }

    /// <summary>How the project is seen inside and what comes back.</summary>
    public required WorkspaceSettings Workspace { get; init; }

    /// <summary>Scripts run as root in the image build, in order.</summary>
    public required IReadOnlyList<ProvisionScript> Provision { get; init; }

    /// <summary>How long the machine stays up unused; null for ever.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>What the machine may reach by name, beyond the package feed.</summary>
    public NetworkSettings Network { get; init; } = NetworkSettings.None;

    /// <summary>What this host adds to requests to one server each.</summary>
    public IReadOnlyList<Secret> Secrets { get; init; } = [];

    /// <summary>Which packages may enter the machine.</summary>
    public RestoreSettings Restore { get; init; } = RestoreSettings.None;

    /// <summary>Rather no machine than an emulated one.</summary>
    public bool RequiresAccelerator { get; init; }

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
