#!/usr/bin/env bash
# Switches defences off, one by one, in a copy of this tree, and runs the suite of attacks on each: a defence whose absence
# no attack notices is not defended by a test. Exits with 1 where one is missed, no longer applies, or does not build.
#
#   tests/defences.sh              all
#   tests/defences.sh NAME…        only these
#
# tests/defences/NAME says how NAME is switched off: a first line "# FILE" and a script for sed -E after it, or a patch
# (git diff; its name ends with .patch).
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here="$root/tests/defences"
work=$(mktemp -d "${TMPDIR:-/tmp}/machine-defences-XXXXXX")
tree="$work/tree"
export MACHINE_HOME="$work/home"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# What is not committed is a part of it; what git ignores is not.
mkdir -p "$tree" "$MACHINE_HOME"
(cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
  tar --null --no-recursion -T - -cf -) | tar -xf - -C "$tree" || exit 1
# A patch is applied as git makes it; tests that look for their repository find this one.
(cd "$tree" && git init -q && git add -A && git -c user.name=defences -c user.email=defences@localhost commit -qm whole) || exit 1

build() { (cd "$tree" && dotnet build tests/Machine.Attacks.Tests -v q -nologo -p:TreatWarningsAsErrors=false) >"$work/build.log" 2>&1; }

# Names of the attacks that got through, one a line; fails where the run did not end by itself.
attacks() {
  rm -f "$work/result.xml"
  (cd "$tree" && timeout 600 dotnet tests/Machine.Attacks.Tests/bin/Debug/net10.0/Machine.Attacks.Tests.dll -noColor -noLogo -result-xml "$work/result.xml") >"$work/run.log" 2>&1 </dev/null
  [ -s "$work/result.xml" ] || return 1
  { grep -o '<test [^>]*result="Fail"[^>]*>' "$work/result.xml" || true; } | { grep -o ' type="[^"]*" method="[^"]*"' || true; } |
    sed -E 's/ type="([^"]*\.)?([^".]*)" method="([^"]*)"/\2.\3/' | sort | uniq -c | awk '{ print $2 ($1 > 1 ? " (" $1 ")" : "") }'
}

switch_off() {
  local how="$here/$1"
  if [ -f "$how.patch" ]; then
    git -C "$tree" apply "$how.patch"
    return
  fi
  local file
  file="$tree/$(sed -n '1s/^# *//p' "$how")"
  [ -f "$file" ] && sed -E -i -f "$how" "$file"
}

printf '== the suite with all defences\n'
build || { cat "$work/build.log"; exit 1; }
if ! before=$(attacks) || [ -n "$before" ]; then
  printf 'it is not green as it is:\n%s\n' "${before:-it did not end}"
  tail -20 "$work/run.log"
  exit 1
fi

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for how in "$here"/*; do
    names+=("$(basename "$how" .patch)")
  done
fi

missed=0
table="$work/table"
for name in "${names[@]}"; do
  printf '== without %s\n' "$name"
  if ! switch_off "$name" || git -C "$tree" diff --quiet; then
    verdict="does not apply" found=-
  elif ! build; then
    grep -m 3 'error' "$work/build.log"
    verdict="does not build" found=-
  elif ! found=$(attacks); then
    # Not a verdict of the suite, and so none for the defence.
    verdict="the run did not end" found=-
  elif [ -z "$found" ]; then
    verdict="MISSED" found=none
  else
    verdict="noticed"
  fi
  [ "$verdict" = noticed ] || missed=$((missed + 1))
  printf '%s\n' "$found" | sed 's/^/  /'
  printf '%s: %s\n' "$name" "$verdict"
  printf '| %s | %s | %s |\n' "$name" "$(printf '%s' "$found" | tr '\n' ',' | sed 's/,/, /g')" "$verdict" >>"$table"
  git -C "$tree" checkout -q -- . && git -C "$tree" clean -qfd -e bin -e obj
done

printf '\n| defence switched off | attacks that get through | verdict |\n|---|---|---|\n'
cat "$table"
printf '%s defences, %s not noticed\n' "${#names[@]}" "$missed"
[ "$missed" -eq 0 ]
