using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Packages;

namespace Machine.Tool.Commands;

/// <summary><c>packages log|sbom</c>: every package that entered the project's machine, and what a rule kept out.</summary>
internal static class PackagesCommand
{
    public static Command Create()
    {
        var command = new Verb("packages", "Show the packages that entered the machine, and those that were refused")
        {
            Examples = ["dotnet machine packages log --refused", "dotnet machine packages sbom > bom.json"],
        };
        command.Add(CreateLog());
        command.Add(CreateBillOfMaterials());
        return command;
    }

    private static Verb CreateLog()
    {
        var json = CommonOptions.Json();
        var refused = new Option<bool>("--refused") { Description = "Only what a rule kept out" };
        var log = new Verb("log", "List every package that entered the machine and where it came from, and what was refused and why")
        {
            Examples = ["dotnet machine packages log", "dotnet machine packages log --refused --json"],
        };
        log.Add(refused);
        log.Add(json);
        log.SetAction(parsed => Log(parsed.GetValue(refused), parsed.GetValue(json)));
        return log;
    }

    private static Verb CreateBillOfMaterials()
    {
        var command = new Verb("sbom", "Print what entered the machine as a bill of materials (CycloneDX 1.6, JSON)") { Examples = ["dotnet machine packages sbom > bom.json"] };
        command.SetAction(_ =>
        {
            var project = ProjectRoot.Find(Environment.CurrentDirectory);
            Say.Json(BillOfMaterials.Of(PackageLog.Read(LogOf(project)), Path.GetFileName(project.Path), ToolVersion.Current));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string LogOf(ProjectRoot project) => new ProjectMachine(MachinePaths.FromEnvironment(), project).PackagesLog;

    private static int Log(bool onlyRefused, bool json)
    {
        var entries = PackageLog.Read(LogOf(ProjectRoot.Find(Environment.CurrentDirectory))).Where(entry => !onlyRefused || entry.Refused is not null).ToList();
        if (json)
        {
            Say.Json(entries);
            return ExitCode.Ok;
        }

        if (entries.Count == 0)
        {
            Say.Aside(onlyRefused ? "no package was refused" : "no package has entered this machine yet");
            return ExitCode.Ok;
        }

        // Which names are asked for is the guest's choice.
        var table = new ReportTable("TIME", "KIND", "PACKAGE", "VERSION", "SOURCE", "SIGNATURE, OR WHY REFUSED");
        foreach (var entry in entries)
        {
            table.Add(
                entry.Time.ToString("yyyy-MM-ddTHH:mm:ssZ"), entry.Kind, Tainted.Line(entry.Id), Tainted.Line(entry.Version), Tainted.Line(entry.Source),
                entry.Refused is { } refused ? $"refused: {Tainted.Line(refused, 400)}" : Tainted.Line(entry.Signature ?? "-"));
        }

        table.Print();
        return ExitCode.Ok;
    }
}
