namespace Machine.Tool.Hosting;

/// <summary>Tells which programs this tool runs, for <c>--verbose</c>: program, arguments, exit code, time. Tokens are left out.</summary>
internal static class ProgramTrace
{
    public const string Variable = "MACHINE_VERBOSE";

    private static readonly List<string> Hidden = [];

    /// <summary>Where each line goes; null tells nothing.</summary>
    public static Action<string>? Sink { get; set; }

    /// <summary>A word that no line shows from here on: it lets its reader do what this process may.</summary>
    public static void Hide(string token)
    {
        if (Sink is not null)
        {
            lock (Hidden)
            {
                Hidden.Add(token);
            }
        }
    }

    /// <summary>A program begins whose end its starter sees, not this class: the exit code is not known here.</summary>
    public static void Started(string program, IEnumerable<string> arguments) =>
        Sink?.Invoke($"runs {Shown($"{program} {string.Join(' ', arguments)}")}");

    public static void Ended(string program, string arguments, int exitCode, TimeSpan time) =>
        Sink?.Invoke($"ran {Shown($"{program} {arguments}")}  ({exitCode}, {time.TotalMilliseconds:0} ms)");

    private static string Shown(string line)
    {
        lock (Hidden)
        {
            return Tainted.Line(Hidden.Aggregate(line, (text, token) => text.Replace(token, "…", StringComparison.Ordinal)));
        }
    }
}
