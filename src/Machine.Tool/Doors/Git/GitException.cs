namespace Machine.Tool.Doors.Git;

/// <summary>A request of git that is not to be, or can't.</summary>
/// <param name="reason">One line for whoever asked inside, safe to print.</param>
/// <param name="denied">This host would not; else it could not.</param>
internal sealed class GitException(string reason, bool denied, Exception? inner = null) : Exception(reason, inner)
{
    public bool Denied => denied;
}
