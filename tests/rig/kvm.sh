#!/usr/bin/env bash
# Runs end-to-end tests under KVM, also on a host that has none: in a Debian machine that this host emulates, whose processor has AMD's
# virtualisation, and so a /dev/kvm that works. Everything in it is slow; what is right there is right, how fast it is says nothing.
#
#   tests/rig/kvm.sh                       the tests that are for it (./test.sh --kvm)
#   tests/rig/kvm.sh -class "*Text*"       arguments for the test runner
#   tests/rig/kvm.sh --shell [COMMAND…]    a shell in the rig, or one command
#
# It wants the host for itself, and hours on two slow processors. With QEMU 10.0 and 7.2 around it a machine in it was seen to hang, also on a quiet
# host, and beside builds the rig's own kernel to panic; with 11.1 it stood beside builds for an hour.
#
# The tool, the tests and the two images that machines start from are made outside. MACHINE_RIG keeps the rig's disk and its emulator between
# runs (default: in the user's cache folder); both are made anew when what they are made of changes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
rig="${MACHINE_RIG:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/machine-rig}"
results="$root/artifacts/test-results"
packages=linux-image-amd64,systemd-sysv,openssh-server,qemu-system-x86,qemu-utils,e2fsprogs,iproute2,kmod,udev,dbus,ca-certificates,libicu72,libssl3,libstdc++6,zlib1g,perl,git,procps,passwd,sudo,uidmap,util-linux,zstd,mmdebstrap

backports=trixie-backports

shell=false
if [ "${1:-}" = --shell ]; then
  shell=true
  shift
fi

"$root/eng/prerequisites.sh" --tests
# shellcheck source=eng/dotnet-root.sh
. "$root/eng/dotnet-root.sh"
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir -p "$rig/keys" "$rig/boot" "$results"
# The rig's disk holds this host's lists of mirrors, which may have passwords in them.
[ -O "$rig" ] || { echo "$rig is another user's: set MACHINE_RIG to a folder of yours" >&2; exit 1; }
chmod 0700 "$rig"
[ -f "$rig/keys/id_ed25519" ] || ssh-keygen -q -t ed25519 -N "" -C rig -f "$rig/keys/id_ed25519"

work=$(mktemp -d /tmp/machine-rig-XXXXXX)
emulator=
clean_up() {
  [ -z "$emulator" ] || { kill "$emulator" 2>/dev/null || true; wait "$emulator" 2>/dev/null || true; }
  rm -rf "$work"
}
trap clean_up EXIT

say() { printf '== %s (%s s)\n' "$*" "$SECONDS" >&2; }

# What the rig is made of, as a name.
key=$({
  cat "$root/tests/rig/prepare.sh"
  echo "$packages"
  cat /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null || true
  find /usr/local/share/ca-certificates -type f -exec cat {} + 2>/dev/null || true
  dotnet --version
} | sha256sum | cut -c1-16)

make_disk() {
  rm -f "$rig"/root-*.raw "$rig"/boot/*
  local disk="$rig/root-$key.raw" part="$rig/root.part"
  rm -f "$part"
  truncate -s 30G "$part"
  mkdir "$work/root"
  local -a sources
  mapfile -t sources < <(find /etc/apt/sources.list.d -name '*.sources' | sort)
  # The hooks run where the files belong to whom they should, also when this is not root; /proc and its like are mounted there.
  cat "${sources[@]}" | mmdebstrap --quiet --variant=minbase --format=null --include="$packages" \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
    --customize-hook="$root/tests/rig/prepare.sh \"\$1\" '$rig/keys' '$sdk'" \
    --customize-hook="rm -rf \"\$1\"/var/cache/apt/archives/*.deb" \
    --customize-hook="mount --bind \"\$1\" '$work/root' && mke2fs -q -t ext4 -E lazy_itable_init=1 -d '$work/root' '$part'; code=\$?; umount '$work/root'; exit \$code" \
    bookworm - -
  mv "$part" "$disk"
}

# What emulates the rig: the newest QEMU that is packaged for a Debian of today, since its AMD virtualisation is still being mended. With 7.2 a
# machine in the rig was seen to hang for ever at a page table beyond its memory; with 10.0 one had the rig's own registers in the place of its
# own. Nothing of it is installed.
make_emulator() {
  local part="$rig/qemu.part"
  rm -rf "$rig"/qemu-* "$part"
  mkdir "$part"
  local -a sources
  mapfile -t sources < <(grep -lE '^Suites:.*bookworm' /etc/apt/sources.list.d/*.sources)
  { sed 's/\bbookworm\b/trixie/g' "${sources[@]}"; echo; awk -v RS= '!/-security/' "${sources[@]}" | sed "s/^Suites:.*/Suites: $backports/"; } | mmdebstrap --quiet --variant=extract --format=tar --include=qemu-system-x86,seabios,ipxe-qemu \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' --aptopt="APT::Default-Release \"$backports\"" trixie - - |
    tar -xf - -C "$part" --no-same-owner --exclude='./dev/*'
  mv "$part" "$rig/qemu-$backports-$key"
}

# Nobody listens there now.
free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

rig_ssh() {
  ssh -q -F none -i "$rig/keys/id_ed25519" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=60 -o ServerAliveInterval=30 -o ServerAliveCountMax=20 root@127.0.0.1 "$@"
}

boot() {
  say "booting the rig"
  port=$(free_port)
  local kernel=("$rig"/boot/vmlinuz-*) initrd=("$rig"/boot/initrd.img-*)
  # The disk as it was made stays so: a run's changes go with it.
  qemu-img create -q -f qcow2 -F raw -b "$rig/root-$key.raw" "$work/root.qcow2"
  # la57 is what the kernel can't do with nested paging here; mitigations cost half the time, and protect nobody.
  local qemu="$rig/qemu-$backports-$key/usr"
  "$qemu/lib64/ld-linux-x86-64.so.2" --library-path "$qemu/lib/x86_64-linux-gnu" "$qemu/bin/qemu-system-x86_64" -L "$qemu/share/qemu" -L "$qemu/share/seabios" \
    -no-user-config -nodefaults -display none -no-reboot -machine q35 -accel tcg,thread=multi,tb-size=2048 \
    -cpu max,la57=off -smp 2 -m 8192 -kernel "${kernel[0]}" -initrd "${initrd[0]}" \
    -append "root=/dev/vda rw rootfstype=ext4 console=ttyS0 panic=-1 mitigations=off norandmaps net.ifnames=0 apparmor=0 audit=0 nowatchdog fsck.mode=skip" \
    -drive "file=$work/root.qcow2,format=qcow2,if=virtio,cache=unsafe" -drive "file=$work/bring.raw,format=raw,if=virtio,readonly=on" \
    -netdev "user,id=n,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=n,romfile= -device virtio-rng-pci \
    -chardev "file,id=console,path=$results/rig-console.log,append=on" -serial chardev:console &
  emulator=$!
  local began=$SECONDS
  until rig_ssh true 2>/dev/null; do
    kill -0 "$emulator" 2>/dev/null || { echo "the rig ended while it booted: see $results/rig-console.log" >&2; exit 1; }
    [ $((SECONDS - began)) -lt 3600 ] || { echo "the rig did not answer: see $results/rig-console.log" >&2; exit 1; }
    sleep 3
  done
  rig_ssh 'test -c /dev/kvm' || { echo "the rig has no /dev/kvm: see $results/rig-console.log" >&2; exit 1; }
}

# One that the rig's tests start machines from, and its name there.
bring_image() {
  local project="$work/project" tool="$root/src/Machine.Tool/bin/Release/net10.0/dotnet-machine"
  mkdir -p "$project"
  echo "sdk: $1" >"$project/Machinefile"
  (cd "$project" && "$tool" image build && "$tool" image export "$("$tool" image hash)" "$work/bring/$2" && "$tool" destroy --yes)
}

# The repository with what was built of it, and the images of the tests' machines, as a second disk.
bring() {
  mkdir -p "$work/bring/repo"
  (cd "$root" && dotnet build tests/Machine.EndToEnd.Tests -c Release -v quiet --disable-build-servers)
  (cd "$root" && { git ls-files -z; find tests/Machine.EndToEnd.Tests/bin/Release -type f -print0; } | tar --null -T - -cf -) | tar -xf - -C "$work/bring/repo"
  export MACHINE_HOME="${MACHINE_HOME:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/machine-tests}"
  bring_image none image.tar
  bring_image global.json sdk-image.tar
  truncate -s 8G "$work/bring.raw"
  mke2fs -q -t ext4 -E lazy_itable_init=1 -d "$work/bring" "$work/bring.raw"
  rm -rf "$work/bring"
}

# What the rig is given once it is up.
equip() {
  boot
  say "the rig is up: $(rig_ssh 'uname -r; systemd-detect-virt' | tr '\n' ' ')"
  rig_ssh 'mkdir -p /bring /root/repo && mount -o ro /dev/vdb /bring && cp -a /bring/repo/. /root/repo/'
}

# The emulator was seen to give a machine in the rig the rig's own registers and page tables (10.0 and 11.1, once in an hour or two): KVM then meets the
# same instruction for ever, ten thousand times a second and more. That is no test's doing: the rig has died.
watch_emulator() {
  local before after storms=0
  while sleep 60; do
    before=$(rig_ssh 'cat /sys/kernel/debug/kvm/insn_emulation' </dev/null) && sleep 20 && after=$(rig_ssh 'cat /sys/kernel/debug/kvm/insn_emulation' </dev/null) || continue
    if [ $((after - before)) -gt 100000 ]; then storms=$((storms + 1)); else storms=0; fi
    if [ "$storms" -ge 5 ]; then
      echo "THE EMULATOR has lost a machine's registers: $(((after - before) / 20)) instructions a second are emulated" | tee -a "$results/rig-console.log" >&2
      kill "$emulator"
      return
    fi
  done
}

# The rig's own kernel has panicked, or its emulator has ended. A test that fails or hangs is no such end.
rig_died() {
  for _ in 1 2 3 4 5; do
    kill -0 "$emulator" 2>/dev/null || return 0
    sleep 1
  done
  tail -c +"$((console_seen + 1))" "$results/rig-console.log" | grep -q 'Kernel panic' || return 1
  kill "$emulator" 2>/dev/null || true
}

# The test that was running then; one with which the rig dies twice has failed.
running() {
  sed -n 's/^    \(.*\) \[STARTING\]$/\1/p' "$work/runner.log" | tail -1
}

# Arguments that leave out the tests whose methods have come to their end. The last that began may have cases to go.
but_the_ended() {
  local last
  last=$(running | sed 's/(.*//')
  sed -n 's/^    \([^(]*\).* \[FINISHED\] Time: .*$/\1/p' "$work/runner.log" | sed 's/ *$//' | sort -u | grep -vxF "$last" | sed 's/^/-method-\n/'
}

run_tests() {
  rig_ssh "export $environment; for image in /bring/*image.tar; do $tests/dotnet-machine image import \$image || exit; done" || return
  # A test is another user.
  rig_ssh 'chmod 0711 /root'
  watch_emulator &
  local watcher=$!
  say "running the tests"
  rig_ssh "export $environment; cd /root/repo; dotnet $tests/Machine.EndToEnd.Tests.dll -reporter verbose -noColor -noLogo -parallel none -result-xml /root/results.xml $(printf '%q ' "$@")" </dev/null | tee -a "$work/runner.log"
  local code=$?
  kill "$watcher" 2>/dev/null || true
  return "$code"
}

[ -f "$rig/root-$key.raw" ] || { say "making the rig's disk"; make_disk; }
[ -d "$rig/qemu-$backports-$key" ] || { say "getting the rig's emulator"; make_emulator; }
say "building what is tested, and the images of its machines"
bring
environment="MACHINE_ACCELERATOR=${MACHINE_ACCELERATOR:-kvm} MACHINE_PATIENCE=10 MACHINE_TEST_RIG=1 MACHINE_HOME=/root/home MACHINE_WARM=never DOTNET_ROOT=/usr/share/dotnet DOTNET_TieredPGO=0 CI=true"
tests=/root/repo/tests/Machine.EndToEnd.Tests/bin/Release/net10.0
rm -f "$results/rig-console.log" "$results/Machine.EndToEnd.Tests.kvm.xml"
console_seen=0
again=false
victim=
equip
if $shell; then
  rig_ssh -t "export $environment PATH=\$PATH:$tests; cd; ${*:-exec bash -l}"
  exit
fi

[ $# -gt 0 ] || set -- -trait Rig=KVM
code=0
run_tests "$@" || code=$?
for _ in 1 2; do
  if [ "$code" -eq 0 ] || ! rig_died || [ "$(running)" = "$victim" ]; then
    break
  fi
  victim=$(running)
  say "THE RIG ITSELF HAS DIED (see $results/rig-console.log) in $victim: once more, with the tests that have not ended"
  console_seen=$(stat -c %s "$results/rig-console.log")
  wait "$emulator" 2>/dev/null || true
  mapfile -t ended < <(but_the_ended)
  again=true
  equip
  code=0
  run_tests "$@" "${ended[@]}" || code=$?
done

# Of several runs no file tells; the log does.
$again || rig_ssh 'cat /root/results.xml' >"$results/Machine.EndToEnd.Tests.kvm.xml" || true
say "done"
! grep -q ' \[FAIL\]$' "$work/runner.log" || exit 1
exit "$code"
