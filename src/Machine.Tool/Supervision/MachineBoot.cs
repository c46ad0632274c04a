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
            catch (CannotThawException e)
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

    private void GiveUp(string key, string reason)
    {
        progress.Note($"the warm template cannot be used: {reason.Split('\n')[0]}; booting instead");
        templates.TryRemove(key);
    }
}
