#!/usr/bin/env bash
# Makes a fresh root file system the rig's: kvm.sh calls it inside mmdebstrap, with the root's folder and the folder of keys.
set -euo pipefail
root=$1 keys=$2 sdk=$3

# An image's hash covers the certificates of its host: these must be the same, byte for byte.
for place in etc/ssl/certs usr/local/share/ca-certificates usr/share/ca-certificates; do
  [ ! -d "/$place" ] || { rm -rf "${root:?}/$place"; mkdir -p "$root/$place"; cp -a "/$place/." "$root/$place/"; }
done
[ ! -f /etc/ca-certificates.conf ] || cp /etc/ca-certificates.conf "$root/etc/"

# Mirrors are this host's: an image's build would ask them.
mkdir -p "$root/etc/apt/sources.list.d" "$root/root/.ssh" "$root/usr/share/dotnet"
rm -rf "${root:?}"/etc/apt/sources.list.d/* "$root/etc/apt/sources.list"
cp -a /etc/apt/sources.list.d/. "$root/etc/apt/sources.list.d/"
[ ! -f /etc/apt/sources.list ] || cp /etc/apt/sources.list "$root/etc/apt/"

cp -a "$sdk/." "$root/usr/share/dotnet/"
ln -s /usr/share/dotnet/dotnet "$root/usr/bin/dotnet"

cp "$keys/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
chmod 0700 "$root/root/.ssh"
chmod 0600 "$root/root/.ssh/authorized_keys"

# AMD's, for that is what the emulator emulates; machines of machines of machines are not wanted.
echo kvm_amd >"$root/etc/modules-load.d/kvm.conf"
echo "options kvm_amd nested=0" >"$root/etc/modprobe.d/kvm.conf"
printf '[Match]\nName=eth0\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/eth0.network"
echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf"
echo rig >"$root/etc/hostname"
printf '127.0.0.1 localhost rig\n' >"$root/etc/hosts"
chroot "$root" systemctl enable -q systemd-networkd ssh
chroot "$root" systemctl mask -q systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer man-db.timer
cp -a "$root/boot/." "$keys/../boot/"
