using System.CommandLine;
using Machine.Tool.Commands.Diagnosis;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>doctor</c>: whether this host can run machines, and what to do where it can't.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var fix = new Option<bool>("--fix") { Description = "Install missing programs and clean what crashes left, after a question" };
        var yes = CommonOptions.Yes("everything that --fix would ask for is done");
        var json = CommonOptions.Json();
        var command = new Verb("doctor", "Check whether this host can run machines")
        {
            Examples = ["dotnet-machine doctor", "dotnet-machine doctor --fix", "dotnet-machine doctor --json"],
        };
        command.Add(fix);
        command.Add(yes);
        command.Add(json);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(fix), parsed.GetValue(yes), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool fix, bool yes, bool json, CancellationToken cancel)
    {
        var paths = MachinePaths.FromEnvironment();
        var doctor = new Doctor(paths, HostProbe.ThisHost, EngineCatalog.Default(paths), Environment.CurrentDirectory);
        var findings = await ExamineAsync(doctor, cancel);
        if (fix && await FixAsync(findings, yes, cancel))
        {
            findings = await ExamineAsync(doctor, cancel);
        }

        if (json)
        {
            Say.Json(findings);
        }
        else
        {
            Print(findings);
        }

        return findings.Any(finding => finding.Status == CheckStatus.Failed) ? ExitCode.Failed : ExitCode.Ok;
    }

    private static async Task<IReadOnlyList<CheckResult>> ExamineAsync(Doctor doctor, CancellationToken cancel)
    {
        await using var progress = ProgressView.Create();
        return await doctor.ExamineAsync(progress, cancel);
    }

    private static void Print(IReadOnlyList<CheckResult> findings)
    {
        var width = findings.Max(finding => finding.Name.Length);
        foreach (var finding in findings)
        {
            var lines = finding.Message.Split('\n').Select(line => Tainted.Line(line, int.MaxValue)).ToList();
            Say.Result($"{Mark(finding.Status),-8}{finding.Name.PadRight(width)}  {string.Join('\n' + new string(' ', width + 10), lines)}");
            if (finding is { Status: not CheckStatus.Ok, Fix: { } fix })
            {
                Say.Result($"{new string(' ', width + 10)}→ {fix}");
            }
        }
    }

    private static string Mark(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warning => "warning",
        _ => "FAILED",
    };

    /// <returns>True when something was done.</returns>
    private static async Task<bool> FixAsync(IReadOnlyList<CheckResult> findings, bool yes, CancellationToken cancel)
    {
        var packages = findings.SelectMany(finding => finding.Packages).Distinct(StringComparer.Ordinal).ToList();
        var repairs = findings.Where(finding => finding.Repair is not null).ToList();
        var done = false;
        if (packages.Count > 0)
        {
            var command = PackageInstall.Command(packages, HostProbe.ThisHost)
                ?? throw new MachineException($"this host has no package manager that is known here", $"install by hand: {string.Join(' ', packages)}");
            Agree($"This runs: {string.Join(' ', command)}", yes);
            await PackageInstall.RunAsync(command, cancel);
            done = true;
        }

        if (repairs.Count > 0)
        {
            Agree($"This cleans up:\n{string.Join('\n', repairs.Select(finding => "  " + finding.Message))}", yes);
            foreach (var finding in repairs)
            {
                await finding.Repair!(cancel);
            }

            done = true;
        }

        return done;
    }

    private static void Agree(string what, bool yes)
    {
        Console.Error.WriteLine(what);
        if (yes)
        {
            return;
        }

        if (!Terminal.CanAsk)
        {
            throw new MachineException("nobody can be asked, so nothing was changed", "dotnet-machine doctor --fix --yes");
        }

        if (!Question.Ask("Go on?"))
        {
            throw new MachineException("nothing was changed");
        }
    }
}
