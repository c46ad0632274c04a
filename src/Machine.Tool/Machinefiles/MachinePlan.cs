using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Sources;

namespace Machine.Tool.Machinefiles;

/// <summary>One thing that a Machinefile asks of the host.</summary>
/// <param name="Text">One line for a person; fit for a terminal.</param>
/// <param name="Widens">It opens the boundary between guest and host, so a person has to agree.</param>
/// <param name="Identity">What is agreed to, exactly: its fields, untouched by formatting; contents as their hash.</param>
internal sealed record PlanItem(string Text, bool Widens, IReadOnlyList<string> Identity);

/// <summary>What a Machinefile, and a nuget.config of the project, ask of the host, in words a person can approve.</summary>
/// <param name="Items">In the order of the Machinefile's keys.</param>
/// <param name="Hash">Lower-case hex over what widens the boundary; the same for two plans that ask for the same.</param>
/// <param name="RoomyHash">The same with every size that a fuller host would ask for: a yes to that is a yes to this, whatever is free now.</param>
internal sealed record MachinePlan(IReadOnlyList<PlanItem> Items, string Hash, string RoomyHash)
{
    /// <summary>The nuget.config files that this plan judged: who acts on an approval uses these, not the disk.</summary>
    public ProjectSources Sources { get; init; } = ProjectSources.None;

    /// <summary>The package rules that the plan was made with.</summary>
    public RestoreSettings Restore { get; init; } = RestoreSettings.None;

    public bool WidensBoundary => Items.Any(item => item.Widens);

    public IEnumerable<PlanItem> Widening => Items.Where(item => item.Widens);

    /// <exception cref="MachineException">A nuget.config can't be read.</exception>
    /// <param name="host">This host where it is null.</param>
    /// <param name="read">The nuget.config files, where they were read already.</param>
    /// <param name="before">The package rules that the project had; <see cref="ApprovalStore.PlanOf"/> knows them.</param>
    public static MachinePlan From(Machinefile machinefile, ProjectRoot project, HostFacts? host = null, ProjectSources? read = null, RestoreRules? before = null)
    {
        var sources = read ?? ProjectSources.Read(project);
        var sizes = PlanItems.OfSizes(machinefile, host ?? HostFacts.Current()).ToList();
        List<PlanItem> items =
        [
            .. PlanItems.OfImage(machinefile, project),
            .. PlanItems.OfGuest(machinefile),
            .. sizes.Where(size => size.Widens),
            .. PlanItems.OfHost(machinefile),
            .. PlanItems.OfNetwork(machinefile.Network),
            .. PlanItems.OfSecrets(machinefile.Secrets, machinefile.Network.ToRules()),
            .. PlanItems.OfRestore(machinefile.Restore),
            .. PlanItems.OfLoosened(machinefile.Restore, before ?? RestoreRules.None),
            .. PlanItems.OfWorkspace(machinefile.Workspace),
            .. PlanItems.OfSources(sources),
        ];
        return new MachinePlan(items, HashOf(items.Where(item => item.Widens)), HashOf(items.Where(item => item.Widens).Concat(sizes.Where(size => !size.Widens)))) { Sources = sources, Restore = machinefile.Restore };
    }

    private static string HashOf(IEnumerable<PlanItem> items)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "machine plan 1");
        foreach (var identity in items.Select(item => item.Identity).OrderBy(fields => string.Join('\0', fields), StringComparer.Ordinal))
        {
            AddCount(hash, identity.Count);
            foreach (var field in identity)
            {
                Add(hash, field);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Lengths in front: no two lists of fields run into one another.
    private static void Add(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AddCount(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AddCount(IncrementalHash hash, int count)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, count);
        hash.AppendData(bytes);
    }
}
