using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>One command for the guest, byte for byte.</summary>
/// <param name="Directory">Absolute; the same path as on the host.</param>
/// <param name="Arguments">Program and arguments as raw bytes: an argument of Unix need not be text.</param>
internal sealed record GuestCommand(string Directory, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<byte[]> Arguments)
{
    // The guest's shell gets the payload as one word; Linux limits a word to 128 KiB.
    private const int LongestPayload = 120 * 1024;

    /// <summary>The line for ssh: safe for every shell, whatever the command holds.</summary>
    /// <exception cref="MachineException">It is too long for one command line of the guest.</exception>
    public string Line(string token, HostUser user)
    {
        var fields = new FieldWriter().Add("1").Add(token).Add(DateTimeOffset.UtcNow.ToUnixTimeSeconds()).Add(user.UserId).Add(user.GroupId).Add(Directory).Add(Environment.Count);
        foreach (var (name, value) in Environment)
        {
            fields.Add($"{name}={value}");
        }

        foreach (var argument in Arguments)
        {
            fields.Add(argument);
        }

        var payload = Convert.ToBase64String(fields.Written);
        return payload.Length <= LongestPayload
            ? $"exec perl {GuestLayout.Programs}/exec.pl {payload}"
            : throw new MachineException(
                $"the command line is {fields.Written.Length:N0} bytes long; the machine takes {LongestPayload * 3 / 4:N0}",
                "put the arguments into a file (a response file, xargs)", ExitCode.MachineUnavailable);
    }
}
