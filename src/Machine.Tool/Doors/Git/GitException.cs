namespace Machine.Tool.Doors.Git;

/// <summary>A request of git that this host refuses, or that failed.</summary>
/// <param name="reason">One line for whoever asked inside, safe to print.</param>
/// <param name="denied">True where this host refuses; false where it failed.</param>
internal sealed class GitException(string reason, bool denied, Exception? inner = null) : Exception(reason, inner)
{
    public bool Denied => denied;
}
