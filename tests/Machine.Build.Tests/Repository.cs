using System.Diagnostics;
using System.Reflection;

namespace Machine.Build.Tests;

/// <summary>
/// A repository that has opted in, in a folder of its own: on the host only the packed Machine.Build can be restored. A
/// script stands in for dotnet-machine: "inside" is this host with MACHINE_INSIDE=1 and the user's own feeds, so that a real
/// MSBuild builds there. What it was asked is in <see cref="Requests"/>.
/// </summary>
public sealed class Repository : IDisposable
{
    // Restored once for the whole run: it is the same package in every test.
    private static readonly string Packages = OfThisRun();

    private readonly string top = RealPath(Directory.CreateTempSubdirectory("machine-build-").FullName);

    public Repository()
    {
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(At("feed"));
        File.Copy(Package, At($"feed/Machine.Build.{Version}.nupkg"));
        Write("nuget.config", $"""
            <configuration>
              <packageSources><clear /><add key="local" value="{At("feed")}" /></packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
            </configuration>
            """);
        Write("Machinefile", "");
        Write("Directory.Build.props", $"""
            <Project>
              <Import Project="Sdk.props" Sdk="Machine.Build" Version="{Version}" Condition="'$(MACHINE_INSIDE)' != '1'" />
            </Project>
            """);
        Write("Directory.Solution.targets", $"""
            <Project>
              <Import Project="Solution.targets" Sdk="Machine.Build" Version="{Version}" Condition="'$(MACHINE_INSIDE)' != '1'" />
            </Project>
            """);
        File.WriteAllText(StandIn, Script);
        File.SetUnixFileMode(StandIn, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static string Version => Metadata("Version");

    /// <summary>The .nupkg under test.</summary>
    public static string Package => Metadata("Package");

    public string Path => At("repository");

    public string StandIn => At("dotnet-machine");

    /// <summary>The commands that reached the stand-in, one a line, arguments between '|'.</summary>
    public string[] Requests => File.Exists(At("requests")) ? File.ReadAllLines(At("requests")) : [];

    public string this[string relative] => System.IO.Path.Combine(Path, relative);

    public string At(string name) => System.IO.Path.Combine(top, name);

    public Repository Write(string relative, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[relative])!);
        File.WriteAllText(this[relative], content);
        return this;
    }

    /// <summary><c>dotnet …</c> on the host, as an IDE or somebody in another folder starts it.</summary>
    public Task<Outcome> DotnetAsync(params string[] arguments) => ProcessRun.RunAsync("dotnet", Path, arguments, Environment());

    /// <summary>The same command where nothing is forwarded: what a native build says.</summary>
    public Task<Outcome> NativeAsync(params string[] arguments) =>
        ProcessRun.RunAsync("dotnet", Path, arguments, new Dictionary<string, string?> { ["MACHINE_INSIDE"] = "1", ["RestoreConfigFile"] = UserFeeds });

    /// <summary>As a terminal starts it: a runner in the background has its children ignore Ctrl+C.</summary>
    public Process Start(params string[] arguments) => ProcessRun.Start("env", Path, ["--default-signal=INT", "dotnet", .. arguments], Environment());

    public void Dispose() => Directory.Delete(top, recursive: true);

    private static string UserFeeds =>
        System.IO.Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "NuGet", "NuGet.Config");

    /// <summary>Of a program that runs on the host beside this repository.</summary>
    public Dictionary<string, string?> Environment() => new()
    {
        ["MachineToolPath"] = StandIn,
        ["NUGET_PACKAGES"] = Packages,
    };

    private string Script => $$"""
        #!/bin/bash
        # Stands in for dotnet-machine in tests: "inside" is this host, told apart by MACHINE_INSIDE.
        (IFS="|"; printf "%s\n" "${*//$'\n'/ }") >> "{{At("requests")}}"
        verb=$1; shift
        [ "$verb" = exec ] || { echo "machine: $verb" >&2; exit 0; }
        while [ "$1" = -e ]; do export "${2?}"; shift 2; done
        [ "$1" = -- ] && shift
        for name in $(compgen -e); do
          case $name in MSBUILDDISABLENODEREUSE) ;; MSBuild*|MSBUILD*|MachineToolPath|NUGET_PACKAGES|DOTNET_HOST_PATH|MACHINE_*) unset "$name" ;; esac
        done
        export MACHINE_INSIDE=1 RestoreConfigFile="{{UserFeeds}}"
        echo $$ > "{{At("inside.pid")}}"
        exec "${@//\/machine\/bin\/Machine.Build.dll/{{System.IO.Path.Combine(AppContext.BaseDirectory, "Machine.Build.dll")}}}"
        """;

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(attribute => attribute.Key == key).Value!;

    private static string OfThisRun()
    {
        var folder = Directory.CreateTempSubdirectory("machine-build-packages-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    private static string RealPath(string path) => new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
}
