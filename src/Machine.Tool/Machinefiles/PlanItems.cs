using System.Globalization;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Secrets;
using Machine.Tool.Machinefiles.Sources;

namespace Machine.Tool.Machinefiles;

/// <summary>Says what each key of a Machinefile asks of the host, and whether that widens the boundary.</summary>
internal static class PlanItems
{
    // A database, a cache, a queue: more of them than this are no project's need, even if each is small.
    private const int UsualVolumes = 8;

    /// <summary>The first field of what a rule of the network is agreed to by.</summary>
    public const string NetworkIdentity = "network";

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

    /// <summary>
    /// What could fill the host: asked for only above half of what is there, and never for the defaults. Its identity is the size asked for,
    /// not what happens to be free. Processors are no item: a machine never gets more than the host has.
    /// </summary>
    public static IEnumerable<PlanItem> OfSizes(Machinefile file, HostFacts host)
    {
        if (file.MemoryBytes > MachinefileDefaults.MemoryBytes)
        {
            yield return Size(
                $"{ByteSize.Format(file.MemoryBytes)} of memory, more than half of this host's {ByteSize.Format(host.MemoryBytes)}", file.MemoryBytes > host.MemoryBytes / 2, "memory", file.MemoryBytes);
        }

        // Counted twice: the machine's own disk, and the one that keeps what it changed.
        var volumes = file.Volumes.Where(volume => volume.Key != MachinefileDefaults.PackagesVolume).ToList();
        var disks = (2 * file.DiskBytes) + file.Volumes.Values.Sum(volume => volume.SizeBytes);
        var usual = (2 * MachinefileDefaults.DiskBytes) + MachinefileDefaults.PackagesVolumeBytes + (Math.Min(volumes.Count, UsualVolumes) * MachinefileDefaults.VolumeBytes)
            + (file.Docker ? MachinefileDefaults.DockerVolumeBytes - MachinefileDefaults.VolumeBytes : 0);
        if (disks > usual)
        {
            yield return Size(
                $"up to {ByteSize.Format(disks)} of disk in all, {ByteSize.Format(disks - usual)} more than is usual and more than half of what is free", disks - usual > host.FreeDiskBytes / 2, "disks", disks);
        }
    }

    public static IEnumerable<PlanItem> OfGuest(Machinefile file)
    {
        yield return Within(string.Create(CultureInfo.InvariantCulture, $"{file.Cpus} processors, {ByteSize.Format(file.MemoryBytes)} of memory, {ByteSize.Format(file.DiskBytes)} of disk"));
        if (file.Packages.Concat(file.NpmTools).Concat(file.DotnetTools).ToList() is { Count: > 0 } packages)
        {
            yield return Within($"installs into the image: {Safe(string.Join(", ", packages))}");
        }

        // From this host's own archives, as every package; what containers reach is what the machine reaches.
        if (file.Docker)
        {
            yield return Within("installs Docker into the image");
        }

        // They run as root with the image build's network, before any rule of this file is in force.
        // Their order is a part of what they do.
        foreach (var (place, script) in file.Provision.Index())
        {
            yield return Widening(
                $"provision script run as root in the image build: {Safe(script.Path)}", "provision", place.ToString(CultureInfo.InvariantCulture), script.Path, script.Sha256);
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

    public static IEnumerable<PlanItem> OfNetwork(NetworkSettings network)
    {
        var rules = network.ToRules();
        foreach (var rule in rules.Allow)
        {
            // A server that a rule leaves out is a part of what is agreed to: without it the rule is another.
            var without = rules.Deny.Where(rule.Overlaps).Select(denied => denied.Text).Order(StringComparer.Ordinal).ToList();
            yield return Widening(
                $"the guest may talk to {Safe(rule.Says)}{(without.Count > 0 ? $", but not to {Safe(string.Join(", ", without))}" : "")}",
                [NetworkIdentity, rule.Text, rule.Private ? "private" : "public", .. without]);
        }

        foreach (var service in rules.Services.Except(rules.DeniedServices))
        {
            yield return Widening($"the guest may fetch packages of {service}: this host asks its own {(service == NetworkPresets.Apt ? "mirror" : "registry")} for them, with its own password", NetworkIdentity, service, "public");
        }

        foreach (var service in rules.DeniedServices)
        {
            yield return Within($"the guest may not fetch packages of {service}");
        }

        foreach (var item in rules.Git.SelectMany(rule => OfGit(rule, rules)).DistinctBy(item => string.Join('\0', item.Identity)))
        {
            yield return item;
        }

        foreach (var rule in rules.Deny.Where(rule => !rules.Allow.Any(rule.Overlaps)))
        {
            yield return Within($"the guest may not talk to {Safe(rule.Text)}");
        }

        foreach (var rule in rules.GitDeny.Where(rule => !rules.Git.Any(rule.Overlaps)))
        {
            yield return Within($"the guest may not {(rule.Push ? "push to" : "clone from or push to")} {Safe(rule.Place)}");
        }
    }

    // To push is a right of its own: who agreed to a clone is asked about it alone.
    private static IEnumerable<PlanItem> OfGit(GitRule rule, NetworkRules rules)
    {
        List<string> without =
        [
            .. rules.Deny.Where(rule.IsAt).Select(denied => denied.Text)
                .Concat(rules.GitDeny.Where(rule.Overlaps).Select(denied => denied.Text)).Order(StringComparer.Ordinal),
        ];
        var but = without.Count > 0 ? $", but for what is denied: {Safe(string.Join(", ", without))}" : "";
        var network = rule.Private ? "private" : "public";
        yield return Widening($"the guest may clone and fetch from {Safe(rule.Says)}, with your credentials{but}", [NetworkIdentity, (rule with { Push = false }).Text, network, .. without]);
        if (rule.Push)
        {
            yield return Widening($"the guest may push to {Safe(rule.Says)}, with your credentials{but}", [NetworkIdentity, rule.Text, network, .. without]);
        }
    }

    /// <param name="rules">What they deny at a secret's server is a part of what is agreed to: without it the secret is sent.</param>
    public static IEnumerable<PlanItem> OfSecrets(IReadOnlyList<Secret> secrets, NetworkRules rules)
    {
        foreach (var secret in secrets)
        {
            var denied = rules.Deny.Where(rule => rule.Covers(secret.Server, rule.Port ?? 443) && (rule.Port is null || rule.Port == secret.Port)).Select(rule => rule.Text).Order(StringComparer.Ordinal).ToList();
            yield return Widening($"{Safe(secret.Says)}{(denied.Count > 0 ? " (denied now by a rule)" : "")}", [.. secret.Identity, .. denied]);
        }
    }

    public static IEnumerable<PlanItem> OfRestore(RestoreSettings restore)
    {
        if (restore.Cooldown is { } cooldown)
        {
            yield return Within($"packages come in {cooldown} after they were published");
        }

        if (restore.Vulnerabilities is { } worst)
        {
            yield return Within($"packages with known vulnerabilities ({worst} or worse) don't come in");
        }

        if (restore.Allow is { Count: > 0 } allow)
        {
            yield return Within($"no other packages come in than {Safe(string.Join(", ", allow))}");
        }

        if (restore.Deny is { Count: > 0 } deny)
        {
            yield return Within($"packages that don't come in: {Safe(string.Join(", ", deny))}");
        }
    }

    /// <summary>A rule narrows, and needs no yes; to take it away does.</summary>
    public static IEnumerable<PlanItem> OfLoosened(RestoreSettings restore, RestoreRules before) =>
        restore.ToRules().LoosenedFrom(before).Select(loosened => Widening(Safe(loosened.Text), ["restore", .. loosened.Identity]));

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
            yield return Widening("the guest's changes to source files (.cs, .razor, .md and the like) are imported without asking", "changes", "apply");
        }
    }

    public static IEnumerable<PlanItem> OfSources(ProjectSources sources) =>
        sources.Asks.Select(ask => new PlanItem(ask.Text, Widens: true, ask.Identity)).Concat(sources.Unused.Select(Within));

    private static PlanItem Size(string text, bool widens, string what, long bytes) =>
        new(text, widens, [what, bytes.ToString(CultureInfo.InvariantCulture)]);

    private static PlanItem Within(string text) => new(text, Widens: false, []);

    private static PlanItem Widening(string text, params string[] identity) => new(text, Widens: true, identity);

    private static string Safe(string text) => Printable.Escape(text);
}
