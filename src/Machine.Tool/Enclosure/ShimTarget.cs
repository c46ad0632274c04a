using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>What the shim starts: <c>.machine/tool</c>, one line each.</summary>
/// <param name="DotnetRoot">The real dotnet: its runtimes start the shim and the tool.</param>
/// <param name="Words">This tool's program and the arguments before the verb; every one is absolute.</param>
internal sealed record ShimTarget(string DotnetRoot, IReadOnlyList<string> Words)
{
    /// <summary>The tool that runs now, however it was installed; an update in place keeps its path.</summary>
    /// <exception cref="MachineException">There is no dotnet to be found, or its path can't be written down.</exception>
    public static ShimTarget ThisTool()
    {
        var root = Sdks.DotnetRoot.Find() ?? throw new MachineException("this host's dotnet was not found", "set DOTNET_ROOT to its folder");
        var (program, arguments) = SelfCommand.With();
        var target = new ShimTarget(root, [program, .. arguments]);
        return target.Lines.All(line => Path.IsPathFullyQualified(line) && !line.Contains('\n', StringComparison.Ordinal))
            ? target
            : throw new MachineException($"the path of this tool can't be used for the shim: {string.Join(' ', target.Words)}", "install it into a folder with a plain name");
    }

    public string Text => string.Concat(Lines.Select(line => line + "\n"));

    private IEnumerable<string> Lines => [DotnetRoot, .. Words];
}
