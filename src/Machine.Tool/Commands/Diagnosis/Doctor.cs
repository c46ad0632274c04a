using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>All checks, in the order in which a person would ask.</summary>
internal sealed class Doctor(MachinePaths paths, HostProbe host, IEngine engine, string folder)
{
    public async Task<IReadOnlyList<CheckResult>> ExamineAsync(IProgressSink progress, CancellationToken cancel)
    {
        progress.Step("looking at this host");
        List<CheckResult> findings =
        [
            await ProgramChecks.SdkAsync(host, cancel),
            .. ProgramChecks.All(host),
        ];
        if (host.IsLinux)
        {
            findings.Add(await NamespaceCheck.RunAsync(host, cancel));
        }

        findings.Add(StateChecks.Writable(paths));
        findings.Add(StateChecks.Disk(paths, host));
        findings.Add(StateChecks.RuntimeFolder(paths));
        findings.AddRange(PathCheck.Run(folder));

        // Its first look boots something to see which accelerator really works.
        progress.Step($"looking at {engine.Name}");
        findings.AddRange(await engine.CheckAsync(cancel));
        progress.Step("looking at machines");
        findings.Add(ProjectCheck.Run(folder, paths));
        findings.AddRange(EnclosureCheck.Run(folder, paths));
        findings.AddRange(await LeftoverChecks.RunAsync(paths, cancel));
        return findings;
    }
}
