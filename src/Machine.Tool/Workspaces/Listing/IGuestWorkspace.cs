namespace Machine.Tool.Workspaces.Listing;

/// <summary>
/// The way to the guest's <c>changes.pl</c>. One implementation starts a program (ssh, or perl itself in tests), others
/// are the tests' liars: what comes through here is tainted.
/// </summary>
internal interface IGuestWorkspace
{
    /// <summary>Starts what the next <see cref="RunAsync"/> of this verb, without input, will need, so that it then answers at once.</summary>
    void GetReady(string verb, IReadOnlyList<string> arguments)
    {
    }

    /// <summary>Runs one verb, feeds it <paramref name="input"/> and hands its output to <paramref name="read"/> meanwhile.</summary>
    /// <exception cref="Hosting.MachineException">The guest can't be reached, or its program failed.</exception>
    Task RunAsync(string verb, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, Func<GuestReader, Task> read, CancellationToken cancel);
}

/// <summary>The guest sent something that its program never sends: broken, or hostile.</summary>
internal sealed class GuestProtocolException(string message) : Exception(message);
