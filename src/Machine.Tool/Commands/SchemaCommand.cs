using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands;

/// <summary><c>schema</c>: the JSON schema by which editors complete a Machinefile. For tools, so it is not in the list of verbs.</summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var command = new Verb("schema", "Print the JSON schema of the Machinefile")
        {
            Hidden = true,
            Examples = ["dotnet machine schema > machinefile.schema.json"],
        };
        command.SetAction(_ =>
        {
            Console.Out.Write(MachinefileSchema.Generate());
            return ExitCode.Ok;
        });
        return command;
    }
}
