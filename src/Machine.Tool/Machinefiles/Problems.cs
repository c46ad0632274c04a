using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Collects what is wrong with a file, so that one run tells all of it.</summary>
/// <param name="file">As it stands before the position: <c>file:line:column: …</c>.</param>
internal sealed class Problems(string file)
{
    private const int MostShown = 20;

    private readonly List<(int Line, int Column, Flaw Flaw)> found = [];

    public bool Any => found.Count > 0;

    public void Add(YamlNode at, Flaw flaw) => Add(at.Line, at.Column, flaw);

    public void Add(YamlNode at, string what, string? remedy = null) => Add(at, new Flaw(what, remedy));

    public void Add(int line, int column, Flaw flaw) => found.Add((line, column, flaw));

    /// <exception cref="MachineException">Something was found.</exception>
    public void ThrowIfAny()
    {
        if (Any)
        {
            throw ToException();
        }
    }

    public MachineException ToException(Exception? inner = null)
    {
        var inOrder = found.OrderBy(p => p.Line).ThenBy(p => p.Column).ToList();
        var lines = inOrder.Take(MostShown).Select(p => $"{file}:{p.Line}:{p.Column}: {p.Flaw.What}").ToList();
        if (found.Count > MostShown)
        {
            lines.Add($"and {found.Count - MostShown} more");
        }

        var remedies = inOrder.Take(MostShown).Where(p => p.Flaw.Remedy is not null)
            .Select(p => found.Count == 1 ? p.Flaw.Remedy! : $"{p.Line}:{p.Column}: {p.Flaw.Remedy}")
            .ToList();
        return new MachineException(
            string.Join('\n', lines),
            remedies.Count > 0 ? string.Join('\n', remedies) : "the keys and their values are described: dotnet machine docs machinefile",
            ExitCode.MachineUnavailable,
            inner);
    }
}

/// <summary>What is wrong with a value and what to write instead; the position is added by whoever knows it.</summary>
internal sealed record Flaw(string What, string? Remedy = null);
