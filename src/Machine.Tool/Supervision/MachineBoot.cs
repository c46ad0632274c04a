using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Brings a machine's process up: resumed, thawed from a warm template, or booted.</summary>
internal sealed class MachineBoot(MachinePaths paths, IEngine engine, ILogger logger, IProgressSink progress)
{
    private readonly TemplateStore templates = new(paths);

    /// <param name="standsOn">Told the template that the machine is about to stand on; null for none.</param>
    /// <param name="thaws">False: it boots, even where there is a template.</param>
    public async Task<(IEngineMachine Machine, Arrival Way)> StartAsync(MachineSpec spec, Image image, bool thaws, Action<string?> standsOn, CancellationToken cancel)
    {
        if (thaws && engine is ITemplateEngine thawing && await TryThawAsync(thawing, spec, image, standsOn, cancel) is { } thawed)
        {
            return (thawed, Arrival.Thawed);
        }

        standsOn(null);
        progress.Step("starting " + engine.Name);
        return (await engine.StartAsync(spec, progress, cancel), Arrival.Booted);
    }

    // Null where there is no template, or none that can be used now.
    private async Task<IEngineMachine?> TryThawAsync(ITemplateEngine thawing, MachineSpec spec, Image image, Action<string?> standsOn, CancellationToken cancel)
    {
        var key = await TemplateKey.OfAsync(thawing, image, spec, HostUser.Current, cancel);
        if (templates.Find(key, out var broken) is not { } template)
        {
            if (broken is not null)
            {
                GiveUp(key, broken);
            }

            return null;
        }

        // Said before it is used: from here on nobody removes it.
        standsOn(key);
        try
        {
            progress.Step("thawing");
            var machine = await thawing.StartAsync(spec with { Image = spec.Image with { Disk = template.Disk }, Thaw = template.Frozen }, progress, cancel);
            templates.Touch(key);
            return machine;
        }
        catch (CannotThawException e)
        {
            logger.LogWarning(e, "the template {Key} does not thaw", key);
            standsOn(null);
            GiveUp(key, e.Message);
        }
        catch (MachineException e)
        {
            // Not the template's fault: a boot works without it, or says the same again.
            logger.LogWarning(e, "the template {Key} was not thawed", key);
            progress.Note($"the warm template was not thawed: {e.Message.Split('\n')[0]}; booting instead");
        }

        return null;
    }

    /// <summary>Continues a suspended machine where it stood; null when there is none, or it can't be brought back.</summary>
    public async Task<(IEngineMachine Machine, StartedMachine Started)?> TryResumeAsync(
        string state, IReadOnlyDictionary<string, string> identity, CancellationToken cancel)
    {
        if (!Suspension.IsThere(state))
        {
            return null;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var started = StartedMachine.Read(state) ?? throw new CannotThawException("its description is missing or broken");
                progress.Step("resuming");
                var frozen = new FrozenMachine(Suspension.Folder(state), MemoryFile: null);
                var machine = await engine.StartAsync(started.Spec with { Thaw = frozen, Identity = identity }, progress, cancel);
                Suspension.Forget(state);
                return (machine, started);
            }
            catch (CannotThawException e) when (attempt == 1)
            {
                // Its process may have been killed meanwhile; what it read from is still whole then.
                logger.LogWarning(e, "the suspended machine does not come back; once more");
            }
            catch (CannotThawException e)
            {
                logger.LogWarning(e, "the suspended machine does not come back");
                progress.Note($"the suspended machine cannot be brought back: {e.Message.Split('\n')[0]}; booting instead (volumes and held changes are whole)");
                Suspension.Forget(state);
                return null;
            }
        }
    }

    /// <summary>For a template whose machine came up and never answered: nobody thaws from it again.</summary>
    public void GiveUpForGood(string key, string reason)
    {
        GiveUp(key, reason);
        templates.Disown(key);
    }

    // Removed where no other machine stands on it.
    private void GiveUp(string key, string reason)
    {
        progress.Note($"the warm template cannot be used: {reason.Split('\n')[0]}; booting instead");
        templates.TryRemove(key);
    }
}
