using Machine.Tool.Commands.Streams;
using Machine.Tool.Control;
using Machine.Tool.Hosting.Output;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary>Runs one command inside and brings its outputs back. Every verb that executes code is this.</summary>
internal static class GuestVerb
{
    /// <param name="arguments">Program and arguments, byte for byte.</param>
    /// <param name="variables">Variables of this command alone; null passes the host's value.</param>
    /// <param name="raw">Its output passes as it is, also to a terminal or a pipeline.</param>
    /// <returns>The command's own exit code.</returns>
    public static int Run(IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables, bool raw = false)
    {
        var (code, denied) = Run(arguments, variables, new GuestOutput(raw || Pipeline.IsRaw), asksDenied: false);
        if (denied is not null)
        {
            Say.Aside(DeniedText.Line(denied));
        }

        return code;
    }

    /// <param name="asksDenied">What was denied to the machine meanwhile is asked for in any case, not only where the command failed.</param>
    public static (int ExitCode, DeniedConnections? Denied) Run(
        IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables, ICommandStreams streams, bool asksDenied)
    {
        using var command = Order(arguments, variables);
        var code = command.Run(streams);
        if (ProgressView.Shown(view => command.Bring(ConsoleConsent.Of(), view, asksDenied || code != 0)) is { } brought)
        {
            ChangesView.AfterCommandAsync(brought).GetAwaiter().GetResult();
        }

        return (code, command.Denied);
    }

    private static CommandInside Order(IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables)
    {
        // Heeded until the lease is there: from then on Ctrl+C is the command's.
        using var interrupts = new Interrupts();
        return ProgressView.Shown(view => CommandInside.Order(arguments, variables, ConsoleConsent.Of(), interrupts.Heed, () => Heeded(view), interrupts.Token));

        // Whoever waits for a start sees it, and may give it up.
        ProgressView Heeded(Func<ProgressView> view)
        {
            interrupts.Heed();
            return view();
        }
    }
}
