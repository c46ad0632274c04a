#!/bin/sh
# Before the kernel is installed: what its first file system holds. Only what finds a virtual disk.
set -eu
root=$1
mkdir -p "$root/etc/initramfs-tools/conf.d"
printf 'MODULES=list\nCOMPRESS=zstd\nRESUME=none\n' >"$root/etc/initramfs-tools/conf.d/machine"
printf '%s\n' virtio_pci virtio_blk virtio_net ext4 crc32c_generic >"$root/etc/initramfs-tools/modules"
# The resolver of the host is of no use inside, and its name is nobody's business.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

# Without udev's script in there (build.sh leaves it out) nobody hands /dev on, and a root disk that an ordinary user built has no
# device of its own: init would find no console.
mkdir -p "$root/etc/initramfs-tools/scripts/init-bottom"
cat >"$root/etc/initramfs-tools/scripts/init-bottom/machine" <<'END'
#!/bin/sh
[ "${1:-}" != prereqs ] || exit 0
[ ! -e /scripts/init-bottom/udev ] || exit 0
mount -n -o move /dev "$rootmnt/dev"
rmdir /dev 2>/dev/null && ln -s "$rootmnt/dev" /dev
exit 0
END
chmod 0755 "$root/etc/initramfs-tools/scripts/init-bottom/machine"
