#!/usr/bin/env bash
# Gives the sample shop its own virtual machine, builds and tests it in there, and shows what came back.
# Needs the .NET SDK and git; installs the other programs it needs. Exits 0 only if every step did what it says.
#
#   ./demo.sh          destroys the machine at the end
#   ./demo.sh --keep   keeps it, and says where
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/machine-demo"
shop="$work/shop"
PATH="$work/tools:$PATH"
# A template is for the next start; there is none.
export MACHINE_WARM=never
keep=false
case "${1:-}" in
  "") ;;
  --keep) keep=true ;;
  *) echo "usage: ${0##*/} [--keep]" >&2; exit 2 ;;
esac

section() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'demo failed: %s\n' "$*" >&2
  exit 1
}

# Shows a command, runs it, says how long it took.
timed() {
  printf '$ %s\n' "$*"
  local before=$EPOCHREALTIME
  "$@" || fail "exit code $? of: $*"
  took "$before"
}

took() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "  (%.1f s)\n", to - from }'; }

# A machine of an earlier run, or of this one. There may be none, or no working tool.
destroy() {
  if [ -x "$work/tools/dotnet-machine" ] && [ -d "$shop" ]; then
    (cd "$shop" && dotnet-machine destroy --yes) || true
  fi
}

clean_up() {
  local code=$?
  trap - EXIT
  if $keep && [ -x "$work/tools/dotnet-machine" ]; then
    printf '\nkept: cd %q, then %q exec -- uname -r\n' "$shop" "$work/tools/dotnet-machine"
  else
    section "clean up"
    destroy
    rm -rf "$work"
  fi
  if [ "$code" -eq 0 ]; then
    printf '\nThe demo worked, in %s s.\n' "$SECONDS"
  fi
  exit "$code"
}

section "programs that this needs"
"$root/eng/prerequisites.sh"
# shellcheck source=eng/dotnet-root.sh
. "$root/eng/dotnet-root.sh"
echo "all there"
exec </dev/null # nothing below asks; `changes: ask` would, on a terminal

section "what an earlier run left"
destroy
rm -rf "$work"
mkdir -p "$work"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
echo "nothing any more"

section "install the tool, for this demo only"
# A version of its own, so that no cache hands out an older build.
version="0.1.0-demo.$(date +%s)"
(cd "$root" && timed dotnet pack src/Machine.Tool -c Release -o "$work/feed" -p:Version="$version" --disable-build-servers -v quiet)
(cd "$work" && timed dotnet tool install Machine.Tool --tool-path "$work/tools" --version "$version" --source "$work/feed")

section "a project of your own: samples/shop, in a git repository"
mkdir "$shop"
(cd "$root/samples/shop" && tar -c --exclude=bin --exclude=obj --exclude=TestResults --exclude=.machine .) | tar -x -C "$shop"
cd "$shop"
git init -q
git add -A
git -c user.name=Demo -c user.email=demo@localhost commit -q -m "The shop"
git ls-files | sed 's/^/  /'
echo "its Machinefile:"
sed 's/^/  /' Machinefile

section "its machine (the first start on a host builds the image)"
timed dotnet-machine start --approve
host=$(uname -r)
guest=$(dotnet-machine exec -- uname -r) || fail "exec -- uname -r"
printf 'kernel of the host:    %s\nkernel of the machine: %s\n' "$host" "$guest"
[ -n "$guest" ] || fail "the machine did not say its kernel"
[ "$host" != "$guest" ] || fail "the command ran on the host"

section "restore, build and test, all inside"
timed dotnet-machine restore
timed dotnet-machine build --no-restore
timed dotnet-machine test --no-build

section "the outputs are on the host"
for output in src/Shop.Core/bin/Debug/{netstandard2.0,net10.0}/Shop.Core.dll src/Shop.Web/bin/Debug/net10.0/Shop.Web.dll \
  src/Shop.Cli/bin/Debug/net10.0/Shop.Cli.dll tests/Shop.Tests/bin/Debug/net10.0/Shop.Tests.dll; do
  [ -s "$output" ] || fail "$output is not on the host"
  ls -l "$output"
done

section "the shop itself says where it runs"
printf '$ %s\n' "dotnet-machine run --no-build --project src/Shop.Cli"
before=$EPOCHREALTIME
said=$(dotnet-machine run --no-build --project src/Shop.Cli) || fail "run"
took "$before"
printf '%s\n' "$said"
case "$said" in
  *"$guest"*) ;;
  *) fail "the shop did not run on the machine's kernel" ;;
esac

section "what else the machine wrote stays in the machine"
# A poisoned package would do this: every later build on the host would run it.
timed dotnet-machine exec -- sh -c 'echo "<Project />" >> Directory.Build.props; echo hello > notes.txt'
timed dotnet-machine changes
[ ! -e notes.txt ] || fail "notes.txt came to the host unasked"
[ -z "$(git status --porcelain)" ] || fail "the machine changed the host's files: $(git status --porcelain)"
echo "git status on the host: clean"
timed dotnet-machine discard --all

section "stop"
timed dotnet-machine stop
