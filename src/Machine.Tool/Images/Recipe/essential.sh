#!/bin/sh
# Before the kernel is installed: what its first file system holds. Only what finds a virtual disk.
set -eu
root=$1
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=zstd\nRESUME=none\n' >"$root/etc/initramfs-tools/conf.d/machine"
printf '%s\n' virtio_pci virtio_blk virtio_net ext4 crc32c_generic >"$root/etc/initramfs-tools/modules"
# The resolver of the host is of no use inside, and its name is nobody's business.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
