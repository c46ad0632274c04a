#!/usr/bin/env bash
# Measures machines on this host, and writes a table with the host's description to bench/results/.
#
#   ./bench.sh            starts, thaws, suspends, commands, memory, disk, files; on an image without an SDK: 15 minutes when emulated
#   ./bench.sh --builds   also restores, builds and tests of the sample and of fifty projects: an hour more when emulated
#   ./bench.sh --door     also the door: connections, throughput, a thousand at once, beside bare ssh -R; needs root
#   ./bench.sh --peers    also Vagrant with libvirt, which it installs from the distribution's packages where it can
#   ./bench.sh --only …   without the first line's part: its table is written beside, not over, the day's whole one
#
# BENCH_HOME keeps images and templates between runs (default: the user's cache folder). Nothing else should run meanwhile.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command="./bench.sh${*:+ $*}" machines=true builds=false door=false peers=false parts=
for argument in "$@"; do
  case "$argument" in
    --builds) builds=true parts+=-builds ;;
    --door) door=true parts+=-door ;;
    --peers) peers=true parts+=-peers ;;
    --only) machines=false ;;
    *) echo "usage: ${0##*/} [--only] [--builds] [--door] [--peers]" >&2; exit 2 ;;
  esac
done
# Peers are compared with the first part's figures.
$machines || $builds || $door || { echo "--only leaves nothing to measure" >&2; exit 2; }

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
  ! declare -F peers_clean >/dev/null || peers_clean
  ! declare -F door_clean >/dev/null || door_clean
  rm -rf "$work"
}
trap clean_up EXIT
(cd "$root" && dotnet build src/Machine.Tool -c Release -v quiet --disable-build-servers)

head -1 /proc/stat >"$work/stat"
if $machines; then
  # shellcheck source=bench/machines.sh
  . "$root/bench/machines.sh"
fi
if $builds; then
  # shellcheck source=bench/builds.sh
  . "$root/bench/builds.sh"
fi
if $door; then
  # shellcheck source=bench/door.sh
  . "$root/bench/door.sh"
fi
if $peers; then
  # shellcheck source=bench/peers.sh
  . "$root/bench/peers.sh"
fi
report
