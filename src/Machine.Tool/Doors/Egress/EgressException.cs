namespace Machine.Tool.Doors.Egress;

/// <summary>A connection that is not to be, or can't.</summary>
/// <param name="reason">One line for whoever asked inside, safe to print.</param>
/// <param name="denied">This host would not; else it could not.</param>
internal sealed class EgressException(string reason, bool denied) : Exception(reason)
{
    public bool Denied => denied;

    /// <summary>For the host's log alone.</summary>
    public string? Detail { get; init; }
}
