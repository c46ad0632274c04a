using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Supervision;

/// <summary>
/// The variables of a command: <see cref="PassedVariables"/> of the host's, and what the Machinefile declares or -e gives.
/// </summary>
internal static class GuestEnvironment
{
    public static Dictionary<string, string> For(Machinefile machinefile, HostUser user, ExecOrder order)
    {
        var variables = BuildEnvironment.Of(user);
        foreach (var name in PassedVariables.Names)
        {
            Pass(order, variables, name);
        }

        foreach (var (name, value) in machinefile.Secrets.SelectMany(SecretVariables.Of))
        {
            variables[name] = value;
        }

        foreach (var (name, value) in machinefile.Env.Concat(order.Variables))
        {
            if (value is null)
            {
                Pass(order, variables, name);
            }
            else
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static void Pass(ExecOrder order, Dictionary<string, string> variables, string name)
    {
        if (order.Environment.GetValueOrDefault(name) is { Length: > 0 } value)
        {
            variables[name] = value;
        }
    }
}
