#!/usr/bin/env bash
# Builds and runs all tests on a machine that has only the .NET SDK and git. The last line is always
#   N passed, N failed, N skipped
# and the exit code is 0 only when nothing failed.
#
#   ./test.sh                 everything; end-to-end tests boot real machines (under 50 minutes without hardware acceleration)
#   ./test.sh --gate          only what each run does first, and ends with where it fails: a check of every shell script, the build, in
#                             which analyzers and the format are errors, the unit tests, and a machine that boots; it is to take ten
#                             minutes at most, and says what it took
#   ./test.sh --fast          without the end-to-end tests; with --gate, the gate without its boot
#   ./test.sh --all           also template projects, a cloud image, two projects of one user, forwarding from MSBuild on the
#                             host, and twenty random kills instead of six: two hours
#   ./test.sh --kvm           the end-to-end tests of what acceleration changes, under KVM: on a host without it in a machine that is
#                             itself emulated, which takes hours (tests/rig/kvm.sh)
#   ./test.sh -class "*Text*" further arguments go to the test runners (dotnet <tests>.dll --help lists them)
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
results="$root/artifacts/test-results"
# Continuous integration ends at 90 minutes without a word; this ends before that, with the closing line.
deadline=$((72 * 60))

fast=false
gate=false
kvm=false
arguments=()
boot="*.BootTests" # the gate's end-to-end test
after_boot=()
for argument in "$@"; do
  case "$argument" in
    --fast) fast=true ;;
    --gate) gate=true ;;
    --kvm) kvm=true ;;
    --all) export MACHINE_TEST_ALL=1; deadline=$((4 * 60 * 60)) ;;
    *) arguments+=("$argument") ;;
  esac
done

passed=0
failed=0
skipped=0
finished=false
attacks= # what the suite of attacks said
fuzzed=
follower= # shows a running test's log

# Everything that the tests start inherits this, so what a crash left behind is found again: ours, by its id, nothing else.
run_id="$$-$RANDOM$RANDOM"

left_behind() {
  grep -lz "^MACHINE_TEST_RUN=$run_id\$" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | grep -vx "$$"
}

clean_up() {
  local pids signal
  for signal in TERM KILL; do
    pids=$(left_behind)
    [ -n "$pids" ] || return 0
    if [ "$signal" = TERM ]; then
      echo "left running by the tests, ended now:"
      for pid in $pids; do
        echo "  $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-150)"
      done
    fi
    # shellcheck disable=SC2086 # one word a process
    kill -s "$signal" $pids 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      [ -n "$(left_behind)" ] || return 0
      sleep 0.5
    done
  done
}

# What the tests make in the temporary folder goes with it. Tests in which one user attacks another need to pass through.
temporary=$(mktemp -d /tmp/machine-XXXXXX) && chmod 0711 "$temporary" || exit 1
export TMPDIR=$temporary

stop_follower() {
  if [ -n "$follower" ]; then
    kill "$follower" 2>/dev/null
    wait "$follower" 2>/dev/null
    follower=
  fi
}

close() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  stop_follower
  clean_up
  rm -rf "$temporary"
  if ! $finished && [ "$failed" -eq 0 ]; then
    failed=1
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  if [ "$failed" -gt 0 ]; then
    code=1
  fi
  exit "$code"
}
trap close EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

section() { printf '\n== %s\n' "$*"; }

# limit SECONDS COMMAND…: ends it when the time is over, first as Ctrl+C would. In the foreground, so that a real
# Ctrl+C reaches it too; what it started itself is left to clean_up.
limit() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null 2>&1; then
    timeout --foreground --signal=INT --kill-after=60 "$seconds" "$@"
  else
    "$@" # macOS without coreutils
  fi
}

# The attribute $2 of the result file's assembly element, 0 where it is missing.
attribute() {
  grep -o '<assembly [^>]*>' "$1" | grep -o " $2=\"[0-9]*\"" | tr -dc '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }'
}

# Adds what one run said. Without a result file (killed, crashed) its log tells what it got to.
count() {
  local name=$1 code=$2 xml="$results/$1.xml" log="$results/$1.log"
  local run_passed run_failed run_skipped
  if [ -s "$xml" ]; then
    run_passed=$(attribute "$xml" passed)
    run_failed=$(($(attribute "$xml" failed) + $(attribute "$xml" errors)))
    run_skipped=$(attribute "$xml" skipped)
  else
    run_skipped=$(grep -c '^    .* \[SKIP\]$' "$log")
    run_failed=$(grep -c '^    .* \[FAIL\]$' "$log")
    echo "$name has no result file (exit code $code). Unfinished:"
    sed -n 's/^    \(.*\) \[STARTING\]$/\1/p' "$log" | sort -u >"$results/started"
    sed -n 's/^    \(.*\) \[FINISHED\] Time: .*$/\1/p' "$log" | sort -u >"$results/ended"
    run_passed=$(($(wc -l <"$results/ended") - run_skipped - run_failed))
    comm -23 "$results/started" "$results/ended" | sed 's/^/  /'
    run_failed=$((run_failed + $(comm -23 "$results/started" "$results/ended" | wc -l)))
  fi

  # Also a run that crashed between two tests has failed.
  if [ "$code" -ne 0 ] && [ "$run_failed" -eq 0 ]; then
    run_failed=1
  fi
  echo "$name: $run_passed passed, $run_failed failed, $run_skipped skipped"
  [ "$name" != Machine.Attacks.Tests ] || attacks="$run_passed attacks held off, $run_failed not"
  passed=$((passed + run_passed))
  failed=$((failed + run_failed))
  skipped=$((skipped + run_skipped))
}

# run_tests NAME SECONDS QUIET ARGUMENTS…: QUIET is a pattern of log lines not worth a line on the screen. NAME.gate is a part of NAME.
run_tests() {
  local name=$1 seconds=$2 quiet=$3
  shift 3
  local left=$((deadline - SECONDS))
  if [ "$seconds" -gt "$left" ]; then
    seconds=$((left > 0 ? left : 1))
  fi
  section "$name"
  rm -f "$results/$name".*
  # The runner writes to a file, not to a pipe: a process that outlives it could hold a pipe open for ever.
  : >"$results/$name.log"
  tail -n +1 -f "$results/$name.log" > >(grep --line-buffered -vE "$quiet") 2>/dev/null &
  follower=$!
  # In a subshell: a trap of this script then runs with its own output and without the mark.
  (
    export MACHINE_TEST_RUN=$run_id
    limit "$seconds" dotnet "$root/tests/${name%.gate}/bin/Release/net10.0/${name%.gate}.dll" \
      -reporter verbose -noColor -noLogo -result-xml "$results/$name.xml" "$@"
  ) </dev/null >"$results/$name.log" 2>&1
  local code=$?
  sleep 1.2 # tail looks once a second
  stop_follower
  if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then
    echo "$name: stopped after $seconds s"
  fi
  count "$name" "$code"
}

# run_fuzzing SECONDS: so long for each target, coverage-guided (docs/security.md); a target without a finding has passed.
run_fuzzing() {
  local seconds=$1 seed=$RANDOM log="$results/fuzzing.txt" target_passed target_failed targets=15
  section "fuzzing, $seconds s a target, seed $seed"
  (
    export MACHINE_TEST_RUN=$run_id
    limit $((targets * seconds + 120)) dotnet "$root/tests/Machine.Fuzz/bin/Release/net10.0/Machine.Fuzz.dll" all --seconds "$seconds" --seed "$seed" \
      --corpus "$root/tests/Machine.Fuzz/corpus" --crashes "$results/fuzz-findings"
  ) </dev/null >"$log" 2>&1
  local code=$?
  cat "$log"
  target_passed=$(grep -c '^[a-z]*: [0-9]* inputs, [0-9]* branches, 0 findings$' "$log")
  target_failed=$(grep -c '^[a-z]*: [0-9]* inputs, [0-9]* branches, [1-9][0-9]* findings$' "$log")
  # One that did not end, and what would have come after it.
  if [ "$code" -ne 0 ] && [ "$target_failed" -eq 0 ]; then
    target_failed=1
  fi
  fuzzed="$(awk '/ inputs, / { sum += $2 } END { print sum + 0 }' "$log") inputs fuzzed, $(grep -c '^FINDING in' "$log") findings"
  passed=$((passed + target_passed))
  failed=$((failed + target_failed))
}

# Every shell script that git knows or would take, named so or begun so; a script with a finding has failed.
check_scripts() {
  local script clean=0 found=0
  section "shell scripts"
  if ! command -v shellcheck >/dev/null 2>&1; then
    echo "not checked: shellcheck is not installed"
    skipped=$((skipped + 1))
    return
  fi
  while IFS= read -r -d '' script; do
    case "$script" in
      *.sh) ;;
      *) head -n 1 "$root/$script" 2>/dev/null | LC_ALL=C grep -qaE '^#!.*[/ ](ba|da)?sh( |$)' || continue ;;
    esac
    [ -e "$root/$script" ] || continue
    if (cd "$root" && shellcheck "$script"); then
      clean=$((clean + 1))
    else
      found=$((found + 1))
    fi
  done < <(git -C "$root" ls-files -z --cached --others --exclude-standard)
  echo "shellcheck: $clean without a finding, $found with"
  [ $((clean + found)) -gt 0 ] || found=1
  passed=$((passed + clean))
  failed=$((failed + found))
}

slowest() {
  section "ten slowest tests"
  cat "$results"/*.log | sed -n 's/^    \(.*\) \[FINISHED\] Time: \([0-9.]*\)s$/\2 \1/p' |
    sort -rn | head -10 | awk '{ time = $1; $1 = ""; printf "%8.1f s %s\n", time, $0 }'
}

# Once more at the end: who reads only the last lines of a long log sees why it is red.
failures() {
  local log
  for log in "$results"/*.log; do
    grep -q ' \[FAIL\]$' "$log" || continue
    section "failed in $(basename "$log" .log)"
    grep -A 14 ' \[FAIL\]$' "$log" | grep -v ' \[STARTING\]$' | cut -c1-300 | head -80
  done
}

# end LINE…: the last lines but one.
end() {
  slowest
  failures
  section "result"
  printf '%s\n' "$@"
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "no test ran"
    exit 1
  fi
  finished=true
  exit 0
}

section "prerequisites"
if $fast; then
  "$root/eng/prerequisites.sh" --tests || echo "going on: tests that need a missing program skip themselves"
else
  "$root/eng/prerequisites.sh" --tests || exit 1
fi
command -v dotnet >/dev/null 2>&1 || exit 1
# shellcheck source=eng/dotnet-root.sh
. "$root/eng/dotnet-root.sh"
# Images are built once and shared by all runs; nothing of it is the user's own state.
export MACHINE_HOME="${MACHINE_HOME:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/machine-tests}"
echo "dotnet $(cd "$root" && dotnet --version), machines and images in $MACHINE_HOME"

mkdir -p "$results"
rm -f "$results"/*
check_scripts

section "build"
# No build server is left behind: it would hold this script's output open.
(cd "$root" && limit 900 dotnet build Machine.sln -c Release --disable-build-servers -v minimal) || exit 1

if $kvm; then
  section "under KVM"
  echo "its log: $results/Machine.EndToEnd.Tests.kvm.log"
  # To a file, as each run: count reads it.
  (
    export MACHINE_TEST_RUN=$run_id
    exec "$root/tests/rig/kvm.sh" "${arguments[@]+"${arguments[@]}"}"
  ) </dev/null >"$results/Machine.EndToEnd.Tests.kvm.log" 2>&1
  count Machine.EndToEnd.Tests.kvm $?
  finished=true
  exit 0
fi

run_tests Machine.Tool.Tests $((15 * 60)) ' \[(STARTING|FINISHED)\]' "${arguments[@]+"${arguments[@]}"}"
# Whose arguments choose tests gets this one later, where it is among them.
if ! $fast && [ ${#arguments[@]} -eq 0 ]; then
  run_tests Machine.EndToEnd.Tests.gate $((10 * 60)) ' \[STARTING\]$' -class "$boot"
  after_boot=(-class- "$boot")
fi
if $gate || [ "$failed" -gt 0 ]; then
  end "the gate took $SECONDS s$($gate || echo ", and what comes after it was not run")"
fi

run_tests Machine.Attacks.Tests $((8 * 60)) ' \[(STARTING|FINISHED)\]' "${arguments[@]+"${arguments[@]}"}"
if [ ${#arguments[@]} -eq 0 ]; then
  run_fuzzing "$($fast && echo 2 || echo 10)"
fi
# One at a time: each test of these runs real builds.
run_tests Machine.Build.Tests $((12 * 60)) ' \[STARTING\]$' -parallel none "${arguments[@]+"${arguments[@]}"}"
run_tests Machine.Templates.Tests $((8 * 60)) ' \[STARTING\]$' -parallel none "${arguments[@]+"${arguments[@]}"}"
if ! $fast; then
  run_tests Machine.EndToEnd.Tests "$deadline" ' \[STARTING\]$' -parallel none "${arguments[@]+"${arguments[@]}"}" "${after_boot[@]+"${after_boot[@]}"}"
fi
end "${attacks:-no attack was tried}" "${fuzzed:-nothing was fuzzed}"
