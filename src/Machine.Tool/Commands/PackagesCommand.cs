using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Packages;

namespace Machine.Tool.Commands;

/// <summary><c>packages log</c>: every package that entered the project's machine.</summary>
internal static class PackagesCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var log = new Verb("log", "List every package that entered the machine, and where it came from")
        {
            Examples = ["dotnet machine packages log", "dotnet machine packages log --json"],
        };
        log.Add(json);
        log.SetAction(parsed => Log(parsed.GetValue(json)));
        return new Verb("packages", "Show the packages that entered the machine") { log };
    }

    private static int Log(bool json)
    {
        var entries = PackageLog.Read(new ProjectMachine(MachinePaths.FromEnvironment(), ProjectRoot.Find(Environment.CurrentDirectory)).PackagesLog).ToList();
        if (json)
        {
            Say.Json(entries);
            return ExitCode.Ok;
        }

        if (entries.Count == 0)
        {
            Say.Aside("no package has entered this machine yet");
            return ExitCode.Ok;
        }

        // Which names are asked for is the guest's choice.
        var table = new ReportTable("TIME", "KIND", "PACKAGE", "VERSION", "SOURCE", "SIGNATURE");
        foreach (var entry in entries)
        {
            table.Add(
                entry.Time.ToString("yyyy-MM-ddTHH:mm:ssZ"), entry.Kind, Tainted.Line(entry.Id), Tainted.Line(entry.Version), Tainted.Line(entry.Source), Tainted.Line(entry.Signature ?? "-"));
        }

        table.Print();
        return ExitCode.Ok;
    }
}
