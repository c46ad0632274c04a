# shellcheck shell=bash disable=SC2034,SC2154,SC2164 # bench.sh has the variables, and ends where a command fails
# Starts, commands, memory, disk, files. The image has no SDK: nothing here runs one.
project="$work/p0"
mkdir -p "$project"
cd "$project"
printf 'sdk: none\nidle: never\n' >Machinefile
echo "== image"
machine image build
# A template of an earlier run would hide what a boot costs.
[ ! -d "$MACHINE_HOME/templates" ] || mv "$MACHINE_HOME/templates" "$work/templates"
machine start
accelerator=$(of accelerator)

echo "== starts"
first_command() { machine exec -- true; }
repeat 3 "machine stop" first_command | row "cold boot to the first command's end" s
machine stop
[ ! -d "$work/templates" ] || { rm -rf "$MACHINE_HOME/templates"; mv "$work/templates" "$MACHINE_HOME/templates"; }
machine image warm
machine exec -- true
[ -n "$(of template)" ] || { echo "it did not thaw" >&2; exit 1; }
repeat 7 "machine stop" first_command | row "thaw to the first command's end" s
repeat 5 first_command machine suspend | row "suspend" s
resume() { machine exec -- true; }
repeat 5 "machine suspend" resume | row "resume to the first command's end" s

echo "== commands"
repeat 200 nothing machine exec -- true | tee "$work/exec" | row "\`exec -- true\`" s
control=$(ls -d "${XDG_RUNTIME_DIR:-/tmp}"/machine-*/"$(of id | sed 's/.*-//')"/ssh)
repeat 40 nothing ssh -F none -o ControlPath="$control" root@machine true | row "bare \`ssh true\` over the same connection" s
until_line 40 machine exec -- echo there | row "\`exec -- echo\` to its first line" s
until_line 40 ssh -F none -o ControlPath="$control" root@machine /bin/echo there | row "bare \`ssh /bin/echo\` to its first line" s
until_line 40 ssh -F none -o ControlPath="$control" root@machine "echo there" | row "the same with the shell's own echo, which starts no program" s
sort -n "$work/exec" | awk '{ n[NR] = $1 } END { print n[int(NR * 0.95)] }' | row "\`exec -- true\`, 95th percentile" s
machine init
# The image has no SDK; what answers inside is the same for both, and quick.
ssh -F none -o ControlPath="$control" root@machine 'printf "#!/bin/sh\necho 10.0\n" >/usr/local/bin/dotnet; chmod +x /usr/local/bin/dotnet'
# In turn: what they differ in is less than what a host wavers.
for _ in $(seq 50); do
  seconds dotnet --version >>"$work/shim"
  seconds machine dotnet --version >>"$work/direct"
done
awk '{ print 1000 * $1 }' "$work/shim" | row "\`dotnet --version\`, through the shim" ms
awk '{ print 1000 * $1 }' "$work/direct" | row "\`dotnet-machine dotnet --version\`, the same without it" ms
megabytes() { machine exec -- head -c $((64 << 20)) /dev/zero; }
repeat 3 nothing megabytes | awk '{ print 64 / $1 }' | row "standard output" MiB/s
for size in 1 10 100; do
  outputs() { machine exec -- sh -c "mkdir -p artifacts; head -c $((size << 20)) /dev/urandom > artifacts/file"; }
  repeat 3 nothing outputs | row "a command that writes $size MiB of outputs" s
done
rm -rf artifacts
for count in 10 1000 10000 50000; do
  mkdir -p files
  for i in $(seq "$count"); do echo "$i" >"files/$i"; done
  machine exec -- true
  repeat 15 nothing machine exec -- true | row "\`exec -- true\`, $count files in the project" s
done
rm -rf files

echo "== memory and disk"
machine stop
machine start
sleep 60
pid=$(of machineProcessId)
pss "$pid" | row "memory (PSS) of one machine, idle for 60 s, shared template included" MiB
pss "$pid" code | row "its translated code (emulation alone)" MiB
supervisor=$(of supervisorId)
pss "$supervisor" | row "its supervisor" MiB
machine stop
for i in $(seq 10); do
  mkdir -p "$work/p$i"
  printf 'sdk: none\nidle: never\n' >"$work/p$i/Machinefile"
  (cd "$work/p$i" && seconds machine start)
done | row "start of ten machines one after another, volumes made: each" s
(cd "$work/p1" && du -sk "$MACHINE_HOME/machines/$(of id)" | awk '{ print $1 / 1024 }') | row "disk of a machine just started" MiB
# together N: memory of the machines 1 to N.
together() { for i in $(seq "$1"); do (cd "$work/p$i" && pss "$(of machineProcessId)"); done | awk '{ sum += $1 } END { print sum }'; }
together 10 | row "memory (PSS) of ten running machines together" MiB
for i in 6 7 8 9 10; do (cd "$work/p$i" && machine stop); done
together 5 | row "of five" MiB
for i in $(seq 10); do (cd "$work/p$i" && machine destroy --yes >/dev/null); done
