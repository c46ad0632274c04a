using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>Makes the host's user inside, as a script.</summary>
internal static class GuestUser
{
    /// <summary>Sets USER_NAME, USER_ID, GROUP_ID and USER_HOME, for what follows it too.</summary>
    public static string Script(HostUser user) => new StringBuilder()
        .Append($"USER_NAME={Ssh.ShellQuote(user.Name)}\nUSER_ID={user.UserId}\nGROUP_ID={user.GroupId}\nUSER_HOME={Ssh.ShellQuote(user.GuestHome)}\n")
        .Append(GuestResource.Read("user.sh"))
        .ToString();
}
