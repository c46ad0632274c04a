#!/usr/bin/env bash
# Measures machines on this host, and writes a table with the host's description to bench/results/.
#
#   ./bench.sh            starts, thaws, suspends, commands, memory, disk, files; on an image without an SDK: 15 minutes when emulated
#   ./bench.sh --builds   also restore, build and incremental build of the sample, booted and thawed: an hour more when emulated
#   ./bench.sh --peers    also Vagrant (libvirt) where it is installed
#
# BENCH_HOME keeps images and templates between runs (default: the user's cache folder). Nothing else should run meanwhile.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
builds=false peers=false
for argument in "$@"; do
  case "$argument" in
    --builds) builds=true ;;
    --peers) peers=true ;;
    *) echo "usage: ${0##*/} [--builds] [--peers]" >&2; exit 2 ;;
  esac
done

"$root/eng/prerequisites.sh"
# shellcheck source=eng/dotnet-root.sh
. "$root/eng/dotnet-root.sh"
export MACHINE_HOME="${BENCH_HOME:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/machine-bench}" MACHINE_WARM=never DOTNET_NOLOGO=1
work=$(mktemp -d)
tool="$root/src/Machine.Tool/bin/Release/net10.0/dotnet-machine"
rows="$work/rows"
# shellcheck source=bench/measure.sh
. "$root/bench/measure.sh"
clean_up() {
  for project in "$work"/p*/; do
    [ -e "$project/Machinefile" ] && (cd "$project" && "$tool" destroy --yes >/dev/null 2>&1) || true
  done
  rm -rf "$work"
}
trap clean_up EXIT
(cd "$root" && dotnet build src/Machine.Tool -c Release -v quiet --disable-build-servers)

# shellcheck source=bench/machines.sh
. "$root/bench/machines.sh"
if $builds; then
  # shellcheck source=bench/builds.sh
  . "$root/bench/builds.sh"
fi
if $peers; then
  # shellcheck source=bench/peers.sh
  . "$root/bench/peers.sh"
fi
report
