#!/bin/sh
# Makes a cloud image as distributions publish them: a partitioned qcow2 disk whose own boot loader starts it, with
# cloud-init, and with no sudo, no git and no key of anybody. Runs as the root of namespaces of its own, like an image build.
#   cloud-image.sh WORK       with WORK/sources.sources and WORK/apt.options; leaves WORK/cloud.qcow2
set -eu
work=$1
set -- --mode=root --format=directory --variant=minbase \
  --include=systemd,systemd-sysv,udev,dbus,linux-image-amd64,initramfs-tools,openssh-server,cloud-init,ca-certificates,iproute2,e2fsprogs,netbase
while IFS= read -r line; do set -- "$@" "--aptopt=$line"; done <"$work/apt.options"
export TMPDIR="$work" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
mmdebstrap "$@" --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=*/kernel/sound/*' \
  --dpkgopt='path-exclude=*/kernel/drivers/gpu/*' --dpkgopt='path-exclude=*/kernel/drivers/net/wireless/*' --dpkgopt='path-exclude=*/kernel/drivers/media/*' \
  --customize-hook='chroot "$1" systemctl enable systemd-networkd.service' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; printf "LABEL=cloudroot / ext4 defaults 0 1\n" >"$1/etc/fstab"' \
  --customize-hook='echo "from the cloud" >"$1/etc/cloud-marker"; : >"$1/etc/machine-id"; echo cloud >"$1/etc/hostname"' \
  bookworm "$work/root" "$work/sources.sources"

# First partition: a boot loader that needs no mount to be installed, the kernel, its first file system.
mkdir "$work/boot"
cp "$work"/root/boot/vmlinuz-* "$work/boot/vmlinuz"
cp "$work"/root/boot/initrd.img-* "$work/boot/initrd"
cat >"$work/boot/syslinux.cfg" <<'CFG'
DEFAULT linux
PROMPT 0
LABEL linux
  LINUX vmlinuz
  APPEND initrd=initrd root=LABEL=cloudroot ro console=ttyS0
CFG
mkfs.vfat -F 16 -h 2048 -n CLOUDBOOT -C "$work/boot.img" 131072 >/dev/null
mcopy -i "$work/boot.img" "$work"/boot/* ::
syslinux --install "$work/boot.img"

truncate -s 2G "$work/root.img"
mke2fs -q -F -t ext4 -d "$work/root" -L cloudroot "$work/root.img"
truncate -s 2200M "$work/disk.raw"
printf '2048,262144,e,*\n264192,4194304,83\n' | sfdisk -q "$work/disk.raw"
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
dd if="$work/boot.img" of="$work/disk.raw" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/root.img" of="$work/disk.raw" bs=1M seek=129 conv=notrunc,sparse status=none
qemu-img convert -O qcow2 "$work/disk.raw" "$work/cloud.qcow2"
rm -rf --one-file-system "${work:?}/root" "${work:?}/boot" "$work"/*.img "$work/disk.raw"
