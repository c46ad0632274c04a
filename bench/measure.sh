# shellcheck shell=bash disable=SC2034,SC2154,SC2164 # bench.sh has the variables, and ends where a command fails
# Functions of bench.sh: how something is measured and written down.

# seconds COMMAND…: runs it, its output discarded, and prints how long it took. Fails where it fails.
seconds() {
  local before=$EPOCHREALTIME
  "$@" >"$work/output" 2>&1 || { echo "failed: $*" >&2; cat "$work/output" >&2; return 1; }
  awk -v from="$before" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", to - from }'
}

# repeat N BEFORE COMMAND…: N times BEFORE (not measured), then COMMAND; prints a line each.
repeat() {
  local count=$1 before=$2
  shift 2
  local _
  for _ in $(seq "$count"); do
    $before >/dev/null 2>&1
    seconds "$@"
  done
}

# until_line N COMMAND…: N times, half a second apart as nobody types faster, how long until COMMAND's first line was there; prints a line each.
until_line() {
  local count=$1 before at line
  shift
  for _ in $(seq "$count"); do
    sleep 0.5
    before=$EPOCHREALTIME
    exec 3< <("$@" 2>/dev/null)
    IFS= read -r line <&3 || { echo "no line: $*" >&2; return 1; }
    at=$EPOCHREALTIME
    cat <&3 >/dev/null
    exec 3<&-
    awk -v from="$before" -v to="$at" 'BEGIN { printf "%.3f\n", to - from }'
  done
}

# row WHAT UNIT: writes a row of the table from the numbers on standard input.
row() {
  sort -n | awk -v what="$1" -v unit="$2" '
    { n[NR] = $1 }
    END {
      middle = NR % 2 ? n[(NR + 1) / 2] : (n[NR / 2] + n[NR / 2 + 1]) / 2
      printf "| %s | %.2f %s | %.2f – %.2f | %d |\n", what, middle, unit, n[1], n[NR], NR
    }' | tee -a "$rows"
}

nothing() { :; }

machine() { "$tool" "$@"; }

# of KEY: a value of the machine's status.
of() { machine status --json | sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p"; }

# pss PID: MiB; with "code" only the emulator's translated code, without it everything else.
pss() {
  awk -v code="${2:-}" '
    /^[0-9a-f]+-[0-9a-f]+ / { translated = $2 ~ /x/ && $2 ~ /w/ }
    /^Pss:/ { if ((code == "code") == translated) sum += $2 }
    END { printf "%.1f\n", sum / 1024 }' "/proc/$1/smaps"
}

report() {
  local file
  file="$root/bench/results/$(date -u +%Y-%m-%d)$($machines || echo "$parts").md"
  {
    echo "# $(date -u +%Y-%m-%d), \`$command\`"
    echo
    echo "$(nproc) × $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo) of memory;"
    echo "accelerator $accelerator; $(qemu-system-"$(uname -m)" --version | head -1); dotnet $(dotnet --version); commit $(git -C "$root" rev-parse --short HEAD)."
    awk 'NR == FNR { split($0, a); next } { split($0, b); total = 0; for (i = 2; i <= 9; i++) total += b[i] - a[i]; printf "The hypervisor took %.0f %% of the processors meanwhile.\n", 100 * (b[9] - a[9]) / (total ? total : 1) }' "$work/stat" <(head -1 /proc/stat)
    echo
    echo "| what | median | least – most | runs |"
    echo "|---|---|---|---|"
    cat "$rows"
  } >"$file"
  echo "written: bench/results/${file##*/}"
}
head -1 /proc/stat >"$work/stat"
