# shellcheck shell=sh
# Builds a throw-away solution as the user who will build, so that the build servers, the compiler and NuGet are hot when
# the machine is frozen. Variables come before this text: HEAT (folder), TESTS (yes or no), LOCK (the test packages' lock file), and
# the user's environment.
set -eu
# The servers are to have their best code soon; measuring which it is would cost a round of compiling.
export DOTNET_TieredPGO=0
begun=$(date +%s)
mkdir -p "$HEAT/Lib" "$HEAT/App" "$HEAT/Web" "$HEAT/Tests"
cd "$HEAT"

# MSBuild gives a worker that waits 50 ms to answer. In an emulated machine none does, so every build would start a cold one: two
# and a half times slower than without workers. There the server is started as if it had one processor, and so builds by itself.
asked=$(date +%s)
dotnet msbuild -version > server.log
if [ "$(($(date +%s) - asked))" -ge 3 ]; then
    echo '<Project><Target Name="Begin" /></Project>' > begin.proj
    DOTNET_PROCESSOR_COUNT=1 dotnet build begin.proj -t:Begin -v quiet -nologo > server.log || cat server.log
    rm -f begin.proj
fi
echo '<Project />' | tee Directory.Build.props > Directory.Build.targets
project() { # project FILE SDK PROPERTIES ITEMS
    printf '<Project Sdk="%s"><PropertyGroup><TargetFramework>%s</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings>%s</PropertyGroup><ItemGroup>%s</ItemGroup></Project>\n' \
        "$2" "$FRAMEWORK" "$3" "$4" > "$1"
}
lib='<ProjectReference Include="../Lib/Lib.csproj" />'
FRAMEWORK=net$(dotnet --version | cut -d. -f1).0
project Lib/Lib.csproj Microsoft.NET.Sdk '<GenerateDocumentationFile>true</GenerateDocumentationFile><NoWarn>CS1591</NoWarn>' ''
project App/App.csproj Microsoft.NET.Sdk '<OutputType>Exe</OutputType>' "$lib"
project Web/Web.csproj Microsoft.NET.Sdk.Web '' "$lib"
cat > Lib/Sum.cs <<'END'
using System.Text.Json;
using System.Text.RegularExpressions;
namespace Lib;
public sealed record Line(string Name, decimal Price, int Count) { public decimal Total => Price * Count; }
public static partial class Sum
{
    [GeneratedRegex("^[a-z]+$")] private static partial Regex Word();
    public static decimal Of(IEnumerable<Line> lines) => lines.Where(l => Word().IsMatch(l.Name)).Select(l => l.Total).DefaultIfEmpty().Sum();
    public static async Task<string> AsJsonAsync(IEnumerable<Line> lines) { await Task.Yield(); return JsonSerializer.Serialize(lines.ToDictionary(l => l.Name)); }
}
END
echo 'Console.WriteLine(Lib.Sum.Of([new("a", 1.5m, 2), new("b", 2, 1)])); foreach (var (k, v) in new Dictionary<string, int> { ["x"] = 1 }) Console.WriteLine($"{k}={v}");' > App/Program.cs
echo 'var app = WebApplication.CreateBuilder(args).Build(); app.MapGet("/", () => Lib.Sum.Of([])); app.Run();' > Web/Program.cs
projects='<Project Path="Lib/Lib.csproj" /><Project Path="App/App.csproj" /><Project Path="Web/Web.csproj" />'
if [ "$TESTS" = yes ]; then
    # Exactly these packages, each by its SHA-512 (LOCK, heat.lock.json): whoever serves other bytes serves nothing that runs here.
    project Tests/Tests.csproj Microsoft.NET.Sdk \
        '<IsPackable>false</IsPackable><RestorePackagesWithLockFile>true</RestorePackagesWithLockFile><RestoreLockedMode>true</RestoreLockedMode><RestoreEnablePackagePruning>false</RestoreEnablePackagePruning>' \
        "$lib<PackageReference Include=\"Microsoft.NET.Test.Sdk\" Version=\"[17.14.1]\" /><PackageReference Include=\"xunit\" Version=\"[2.9.3]\" /><PackageReference Include=\"xunit.runner.visualstudio\" Version=\"[2.8.2]\" />"
    printf '%s\n' "$LOCK" | sed "s/FRAMEWORK/$FRAMEWORK/" > Tests/packages.lock.json
    printf 'public class T { [Xunit.Fact] public void Adds() => Xunit.Assert.Equal(3m, Lib.Sum.Of([new("a", 1.5m, 2)])); }\n' > Tests/T.cs
    projects="$projects<Project Path=\"Tests/Tests.csproj\" />"
fi
echo "<Solution>$projects</Solution>" > Heat.slnx
if ! dotnet restore -v quiet; then
    [ "$TESTS" = yes ] || exit 1
    echo "the test packages are not to be had, or are not those that this tool names: heating without a test project"
    echo "<Solution>${projects%<Project Path=\"Tests*}</Solution>" > Heat.slnx
    rm -rf Tests packages
    dotnet restore -v quiet
fi
dotnet build --no-restore -v quiet -nologo
echo '// changed' >> Lib/Sum.cs
dotnet build --no-restore -v quiet -nologo
# Where it is not a matter of minutes.
if [ -d Tests ] && [ "$(($(date +%s) - begun))" -lt 120 ]; then
    dotnet test --no-build -v quiet -nologo
fi
# The servers' working folder must not be this one.
cd /

# The servers go on compiling their own code for a while: when emulated, more than a minute on a processor of their own. Frozen
# before that is over, every machine would do it again, on the processor that it needs to wake up and to build.
quiet=0
for _ in $(seq 80); do
    read -r _ user nice system _ < /proc/stat
    busy=$((user + nice + system))
    sleep 3
    read -r _ user nice system _ < /proc/stat
    # Hundredths of a second, of three.
    if [ "$((user + nice + system - busy))" -lt 30 ]; then quiet=$((quiet + 1)); else quiet=0; fi
    [ "$quiet" -lt 2 ] || break
done
