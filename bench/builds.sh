# shellcheck shell=bash disable=SC2034,SC2154,SC2164 # bench.sh has the variables, and ends where a command fails
# Builds: of the sample in a machine that was booted, in one that was thawed and on this host; in the booted one, booted again so that
# its servers are cold, also on a plain writable share; of a generated solution of fifty projects, thawed and on this host.
sample() { # sample FOLDER: a copy of the sample that was never built
  cp -r "$root/samples/shop" "$1"
  rm -rf "$1"/src/*/bin "$1"/src/*/obj "$1"/tests/*/bin "$1"/tests/*/obj
}
builds_of() { # builds_of WHAT FILE DOTNET…: in the current folder; FILE is edited between two builds
  local what=$1 file=$2
  shift 2
  seconds "$@" restore | row "restore of $what, ${packages:-no package there yet}" s
  seconds "$@" build --no-restore | row "first build of $what" s
  for _ in 1 2 3; do
    echo "// $RANDOM" >>"$file"
    seconds "$@" build --no-restore
  done | row "incremental build of $what" s
}
money=src/Shop.Core/Money.cs
sample "$work/p90"
sample "$work/native"
sample "$work/share"
printf 'packages: [git]\nidle: never\nshares: [{ host: %s, guest: /share, write: true }]\n' "$work/share" >"$work/p90/Machinefile"

echo "== builds on this host"
(cd "$work/native" && export NUGET_PACKAGES="$work/packages" && builds_of "the sample on this host" "$money" dotnet && seconds dotnet test --no-build | row "its tests" s)
cd "$work/p90"
echo "== builds in a booted machine"
[ ! -d "$MACHINE_HOME/templates" ] || mv "$MACHINE_HOME/templates" "$work/templates"
machine start --approve
accelerator=$(of accelerator)
builds_of "the sample, booted" "$money" "$tool"
seconds machine test --no-build | row "its tests" s
echo "== the same machine, booted again, on a writable share"
machine stop
machine start
shared() { machine exec -- sh -c 'cd /share && exec dotnet "$@"' sh "$@"; }
(cd "$work/share" && rm -f Machinefile)
packages="packages there" builds_of "the sample, booted again, writable share" "$work/share/$money" shared
machine destroy --yes
[ ! -d "$work/templates" ] || { rm -rf "$MACHINE_HOME/templates"; mv "$work/templates" "$MACHINE_HOME/templates"; }
rm -rf src/*/bin src/*/obj tests/*/bin tests/*/obj
echo "== builds in a thawed machine"
machine image warm
machine start
[ -n "$(of template)" ] || { echo "it did not thaw" >&2; exit 1; }
builds_of "the sample, thawed" "$money" "$tool"
seconds machine test --no-build | row "its tests" s
machine destroy --yes

echo "== fifty projects"
mkdir -p "$work/p91"
cd "$work/p91"
printf 'idle: never\n' >Machinefile
cp "$root/samples/shop/global.json" . 2>/dev/null || true
{
  echo '<Solution>'
  for i in $(seq 50); do
    mkdir -p "src/Part$i"
    reference=
    [ "$i" -eq 1 ] || reference="<ItemGroup><ProjectReference Include=\"../Part$((i / 2))/Part$((i / 2)).csproj\" /></ItemGroup>"
    echo "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>$reference</Project>" >"src/Part$i/Part$i.csproj"
    printf 'namespace Part%s;\n\npublic static class Name\n{\n    public static string Text => "%s";\n}\n' "$i" "$i" >"src/Part$i/Name.cs"
    echo "  <Project Path=\"src/Part$i/Part$i.csproj\" />"
  done
  echo '</Solution>'
} >Fifty.slnx
cp -r . "$work/native50"
(cd "$work/native50" && rm Machinefile && export NUGET_PACKAGES="$work/packages" && builds_of "fifty projects on this host" src/Part50/Name.cs dotnet)
machine start
builds_of "fifty projects, thawed" src/Part50/Name.cs "$tool"
machine destroy --yes
