using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Templates;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Brings a machine's process up in the fastest way there is: thawed from a warm template, or booted.</summary>
internal sealed class MachineBoot(MachinePaths paths, IEngine engine, ILogger logger, IProgressSink progress)
{
    private readonly TemplateStore templates = new(paths);

    /// <param name="standsOn">Told the template that the machine is about to stand on; null for none.</param>
    public async Task<(IEngineMachine Machine, bool Thawed)> StartAsync(MachineSpec spec, Image image, Action<string?> standsOn, CancellationToken cancel)
    {
        var key = await TemplateKey.OfAsync(engine, image, spec, HostUser.Current, cancel);
        var template = templates.Find(key, out var broken);
        if (broken is not null)
        {
            GiveUp(key, broken);
        }

        if (template is not null)
        {
            // Said before it is used: from here on nobody removes it.
            standsOn(key);
            try
            {
                progress.Step("thawing");
                var machine = await engine.StartAsync(
                    spec with { Image = spec.Image with { Disk = template.Disk }, Thaw = template.Frozen }, progress, cancel);
                templates.Touch(key);
                return (machine, true);
            }
            // Whatever it is: a boot works without a template, or says the same again.
            catch (Exception e) when (e is CannotThawException or MachineException)
            {
                logger.LogWarning(e, "the template {Key} does not thaw", key);
                standsOn(null);
                GiveUp(key, e.Message);
            }
        }

        standsOn(null);
        progress.Step("starting " + engine.Name);
        return (await engine.StartAsync(spec, progress, cancel), false);
    }

    /// <summary>Continues a suspended machine where it stood; null when there is none, or it can't be brought back.</summary>
    public async Task<(IEngineMachine Machine, StartedMachine Started)?> TryResumeAsync(
        string state, IReadOnlyDictionary<string, string> identity, CancellationToken cancel)
    {
        if (!Suspension.IsThere(state))
        {
            return null;
        }

        try
        {
            var started = StartedMachine.Read(state) ?? throw new CannotThawException("its description is missing or broken");
            progress.Step("resuming");
            var frozen = new FrozenMachine(Suspension.Folder(state), MemoryFile: null);
            var machine = await engine.StartAsync(started.Spec with { Thaw = frozen, Identity = identity }, progress, cancel);
            Suspension.Forget(state);
            return (machine, started);
        }
        catch (CannotThawException e)
        {
            logger.LogWarning(e, "the suspended machine does not come back");
            progress.Note($"the suspended machine cannot be brought back: {e.Message.Split('\n')[0]}; booting instead (volumes and held changes are whole)");
            Suspension.Forget(state);
            return null;
        }
    }

    private void GiveUp(string key, string reason)
    {
        progress.Note($"the warm template cannot be used: {reason.Split('\n')[0]}; booting instead");
        templates.TryRemove(key);
    }
}
