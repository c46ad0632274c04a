using System.Diagnostics;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Tests.Enclosure;

/// <summary>What a dotnet command did on this host.</summary>
public sealed record DotnetOutcome(int ExitCode, string Text);

/// <summary>
/// A project with the real shim, the real muxer and a recording script in the place of dotnet-machine. Whatever a hostile
/// file of it manages to do on this host is told by a canary.
/// </summary>
public sealed class EnclosedProject : IDisposable
{
    private static readonly DateTime Long = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public EnclosedProject()
    {
        Base = Directory.CreateTempSubdirectory("machine-enclosure-").FullName;
        Root = Directory.CreateDirectory(Path.Combine(Base, "project")).FullName;
        Outside = Directory.CreateDirectory(Path.Combine(Base, "outside")).FullName;
        Secret = Path.Combine(Base, "secret");
        File.WriteAllText(Path.Combine(Base, "record"), $"""
            #!/bin/sh
            printf '%s\0' "$PWD" "$@" > '{Record}'
            exit 42

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(Base, "record"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Reset();
    }

    public string Base { get; }

    public string Root { get; }

    public string Outside { get; }

    /// <summary>A file that a property function reads: seen by its access time.</summary>
    public string Secret { get; }

    /// <summary>A file that a target, an analyzer or a generator writes.</summary>
    public string Canary => Path.Combine(Base, "canary");

    private string Record => Path.Combine(Base, "recorded");

    /// <summary>What the tool was started with, its folder first; null where it was not.</summary>
    public string[]? Recorded => File.Exists(Record) ? File.ReadAllText(Record, System.Text.Encoding.Latin1).Split('\0')[..^1] : null;

    public bool Evaluated => File.GetLastAccessTimeUtc(Secret) != Long;

    public bool Executed => File.Exists(Canary);

    public static string Host => DotnetRoot.Find()!;

    internal ShimTarget Target => new(Host, [Path.Combine(Base, "record")]);

    internal ProjectRoot Project => new(Root);

    internal MachinePaths Paths => MachinePaths.At(Path.Combine(Base, "home"));

    public static void SkipUnlessLinux()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("needs Linux: the recorder is a script, the canary an access time");
        }
    }

    public string Write(string relative, string content)
    {
        var path = Path.Combine(Root, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public string Read(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    /// <summary>init, with the recorder as the tool.</summary>
    public EnclosedProject Enclose()
    {
        new ProjectEnclosure(Project, Paths).Create();
        var version = ShimFolder.Of(Root).Versions.Single();
        ShimFolder.Of(Root).LayOut(version, Target);
        return this;
    }

    public void Reset()
    {
        File.Delete(Record);
        File.Delete(Canary);
        File.WriteAllText(Secret, "secret");
        // Before the last change, so that the next read counts also where access times are kept lazily.
        File.SetLastAccessTimeUtc(Secret, Long);
    }

    public DotnetOutcome Dotnet(string folder, params string[] arguments) => Run(Path.Combine(Host, "dotnet"), folder, arguments);

    public DotnetOutcome Run(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        arguments.ToList().ForEach(start.ArgumentList.Add);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MACHINE_", StringComparison.Ordinal) || name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // Nothing is restored here: a feed would only be waited for.
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Base, "packages");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(90)))
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        return new DotnetOutcome(process.ExitCode, output.Result + error.Result);
    }

    public void Dispose() => Directory.Delete(Base, recursive: true);
}
