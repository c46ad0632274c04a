#!/bin/sh
# Builds a root disk from a distribution's packages. Runs on the host, in what enclose.pl makes: root of namespaces of its own, which
# sees the host's programs and this folder, and reaches the distribution's archives. Whatever ends it leaves no mount and no process.
#   build.sh WORK SUITE PACKAGES          with WORK/sources.sources, WORK/apt.options, WORK/dpkg.options
# Leaves WORK/root.raw, WORK/kernel, WORK/initrd and WORK/facts.
set -eu
work=$1 suite=$2 packages=$3

# The tool holds the other end of stdin. When it goes, by Ctrl+C or by kill -9, so does everything in here.
exec 3<&0 </dev/null
{ cat <&3 >/dev/null 2>&1; kill -KILL -1; } &
exec 3<&-

# Without /sys: it shows the host, and mounting it needs the host's right.
set -- --mode=root --skip=chroot/mount/sys --format=directory --variant=minbase "--include=$packages"
while IFS= read -r line; do set -- "$@" "--aptopt=$line"; done <"$work/apt.options"
while IFS= read -r line; do set -- "$@" "--dpkgopt=$line"; done <"$work/dpkg.options"
export MACHINE_WORK="$work" TMPDIR="$work" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
mmdebstrap "$@" \
  --essential-hook='exec sh "$MACHINE_WORK/recipe/essential.sh" "$1"' \
  --customize-hook='exec sh "$MACHINE_WORK/recipe/customize.sh" "$1"' \
  "$suite" "$work/root" "$work/sources.sources"

# A mount that mmdebstrap left would be copied into the disk, and then deleted on the host.
awk -v root="$work/root" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
  while IFS= read -r mount; do umount -l "$mount"; done

# A machine boots the kernel from outside its disk.
cp "$(ls "$work"/root/boot/vmlinuz-* | tail -n 1)" "$work/kernel"
cp "$(ls "$work"/root/boot/initrd.img-* | tail -n 1)" "$work/initrd"
chmod 0444 "$work/kernel" "$work/initrd"
rm -f "$work"/root/boot/vmlinuz-* "$work"/root/boot/initrd.img-* "$work"/root/vmlinuz* "$work"/root/initrd.img*
# shellcheck disable=SC1091
(. "$work/root/etc/os-release"; printf '%s\n' "$PRETTY_NAME"; ls "$work/root/lib/modules" | tail -n 1) >"$work/facts"

# The kernel makes the devices. An ordinary user could put none in here: the same disk whoever builds it.
find "$work/root/dev" -xdev -mindepth 1 -delete

# As large as a machine's disk is when its Machinefile says nothing, so that most never grow; it is all holes.
used=$(du -s --block-size=1M "$work/root" | cut -f1)
size=$(((used + 8192) / 1024))
[ "$size" -ge 20 ] || size=20
truncate -s "${size}G" "$work/root.raw"
# Holes are zero: nothing is zeroed now, nor lazily in every guest. Few inodes: package caches lie on a volume.
mke2fs -q -F -t ext4 -d "$work/root" -L machine-root -m 1 -i 32768 -J size=32 -E root_owner=0:0,lazy_itable_init=0 "$work/root.raw"
chmod 0444 "$work/root.raw"
sync "$work/root.raw" "$work/kernel" "$work/initrd"
rm -rf --one-file-system "$work/root"
