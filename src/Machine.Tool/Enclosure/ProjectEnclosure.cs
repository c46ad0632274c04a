using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Enclosure;

/// <summary>What makes a plain <c>dotnet</c> in a project's folder run inside: the shim, the global.json that leads to it, the net behind it.</summary>
internal sealed class ProjectEnclosure(ProjectRoot project, MachinePaths paths)
{
    private readonly ShimFolder shim = ShimFolder.Of(project.Path);

    private string GlobalJsonFile => Path.Combine(project.Path, GlobalJson.FileName);

    /// <summary>Whether the project takes part: its global.json names the shim's folder.</summary>
    public bool IsWanted => GlobalJson.Paths(GlobalJsonFile) is { } listed && listed.Contains(ShimFolder.Name);

    /// <summary>For <c>init</c>: writes everything that is not there yet.</summary>
    /// <returns>The files that were written, as paths of the project.</returns>
    /// <exception cref="MachineException">A file of the project's can't be extended; nothing was written then.</exception>
    public IReadOnlyList<string> Create()
    {
        // Every text first: a file that can't be edited leaves no half of an enclosure.
        var version = Version();
        var above = GlobalJson.Find(project.Path);
        var json = Read(GlobalJson.FileName);
        var inherited = json.Text.Length == 0 && above is not null ? ProjectText.TryRead(above)?.Text : json.Text;
        var props = Read(PropsNet.FileName);
        var response = Read(ResponseFileNet.FileName);
        (ProjectText File, string Text)[] edits =
        [
            (json, GlobalJsonEdit.Edit(inherited, version, json.Path)),
            (props, PropsNet.Edit(props.Text, props.Path)),
            (response, ResponseFileNet.Edit(response.Text, response.NewLine)),
        ];
        // The net before the door: a write that fails leaves the project closed rather than open.
        var written = edits.Reverse().Where(edit => edit.File.Write(edit.Text)).Select(edit => Path.GetFileName(edit.File.Path)).ToList();
        if (LayOut())
        {
            written.Add(ShimFolder.Name);
        }

        return written;
    }

    /// <summary>For <c>init</c> and <c>start</c>: the shim of this tool, for the version that global.json resolves to.</summary>
    /// <returns>True when it was written.</returns>
    public bool LayOut() => shim.LayOut(Version(), ShimTarget.ThisTool());

    public bool IsCurrent() => shim.IsCurrent(Version(), ShimTarget.ThisTool());

    // The muxer judges by version and rollForward alone, so the guest's SDK need not be on this host.
    private string Version()
    {
        var file = GlobalJson.Find(project.Path);
        var policy = file is null ? SdkPolicy.Latest : GlobalJson.TryRead(file) ?? throw new MachineException(
            $"dotnet ignores {file}, because its sdk section is not what it takes", "correct version and rollForward in it, then: dotnet-machine init");
        try
        {
            return new SdkResolver(paths).Resolve(project.Path, "global.json")!.Version;
        }
        catch (MachineException) when (policy.Requested is not null)
        {
            return policy.Requested.ToString();
        }
    }

    private ProjectText Read(string name)
    {
        var path = Path.Combine(project.Path, name);
        return ProjectText.TryRead(path) ?? new ProjectText(path, "", HasMark: false);
    }
}
