#!/bin/sh
# Turns a running cloud image into a machine, and copies its root file system to the empty disk `root`, which becomes the
# image. Runs as root inside, on its first boot; the host's folder with the recipe is the share `build`. Arguments: packages.
# Leaves /run/machine-kernel and /run/machine-initrd.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
say() { printf '%s\n' "$*"; }
fail() { printf 'machine: %s\n' "$*" >&2; exit 1; }

command -v apt-get >/dev/null || fail "only a system with apt (Debian, Ubuntu and their kin) can become a machine"
[ -d /run/systemd/system ] || fail "only a system that systemd runs can become a machine"
say "waiting for cloud-init"
command -v cloud-init >/dev/null && cloud-init status --wait >/dev/null 2>&1 || true
for module in 9p 9pnet_virtio overlay virtio_net qemu_fw_cfg; do
  modprobe "$module" 2>/dev/null ||
    fail "its kernel has no $module; take the image with the distribution's general kernel (Debian's is called generic, not genericcloud)"
done
build=/run/machine-build sdk=/run/machine-sdk root=/run/machine-root
mkdir -p "$build" "$sdk" "$root"
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000 build "$build"

if [ -d "$build/ca" ]; then
  say "trusting the host's authorities"
  cp "$build"/ca/*.crt /usr/local/share/ca-certificates/
  update-ca-certificates >/dev/null
fi

# What a machine consists of, and what the project asked for.
has() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=
for package in openssh-server sudo perl-base initramfs-tools zstd e2fsprogs kmod iproute2 procps netbase nftables ca-certificates "$@"; do
  case $package in
    *=*) missing="$missing $package" ;;
    *) has "$package" || missing="$missing $package" ;;
  esac
done
icu=true
if { [ -e "$build/sdk.list" ] || [ -e "$build/sdk.tar.gz" ]; } && ! dpkg-query -W -f='${db:Status-Status} ' 'libicu[0-9]*' 2>/dev/null | grep -qw installed; then
  icu=false
fi
if [ -n "$missing" ] || ! $icu; then
  [ -e "$build/apt.sources" ] ||
    fail "these packages are not on the disk, and this host has no mirror of its distribution:$missing$($icu || printf ' libicu')"
  rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/apt/mirrors/* 2>/dev/null || true
  cp "$build/apt.sources" /etc/apt/sources.list.d/machine.sources
  say "reading the lists of packages"
  apt-get -q -o Acquire::Languages=none update
  $icu || missing="$missing $(apt-cache pkgnames libicu | grep -E '^libicu[0-9]+$' | sort -V | tail -n 1)"
  say "installing$missing"
  # shellcheck disable=SC2086 # a list of words
  apt-get -q install -y --no-install-recommends -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io $missing
  rm -f /etc/apt/sources.list.d/machine.sources
  apt-get clean
  rm -rf /var/lib/apt/lists/*
fi
if [ -e "$build/guest.sources" ]; then
  cp "$build/guest.sources" /etc/apt/sources.list.d/machine.sources
fi

if [ -e "$build/sdk.list" ] || [ -e "$build/sdk.tar.gz" ]; then
  say "installing the .NET SDK"
  mkdir -p /usr/share/dotnet
  if [ -e "$build/sdk.list" ]; then
    mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000 sdk "$sdk"
    tar -C "$sdk" -chf - --verbatim-files-from --files-from="$build/sdk.list" | tar -C /usr/share/dotnet --no-same-owner -xf -
    umount "$sdk"
  else
    tar -C /usr/share/dotnet --no-same-owner -xzf "$build/sdk.tar.gz"
  fi
  mkdir -p /usr/share/dotnet/metadata
  chmod -R u=rwX,go=rX /usr/share/dotnet
  ln -sf ../share/dotnet/dotnet /usr/bin/dotnet
fi

say "making it a machine"
sh "$build/recipe/essential.sh" ""
sh "$build/recipe/machine.sh" ""
# The address is asked for by machine.network alone, and nothing of a cloud is waited for.
rm -f /etc/netplan/* /etc/network/interfaces.d/* /etc/systemd/network/*cloud*
[ ! -e /etc/network/interfaces ] || printf 'auto lo\niface lo inet loopback\n' >/etc/network/interfaces
for unit in networking.service ifupdown-pre.service ifupdown-wait-online.service NetworkManager.service NetworkManager-wait-online.service \
  snapd.service snapd.socket snapd.seeded.service snapd.apparmor.service unattended-upgrades.service apport.service \
  multipathd.service multipathd.socket ModemManager.service polkit.service chrony.service grub-common.service \
  cloud-init-local.service cloud-init-main.service cloud-init-network.service cloud-init.service cloud-config.service cloud-final.service \
  cloud-init-hotplugd.socket; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
for generator in cloud-init-generator netplan; do
  ln -sf /dev/null "/etc/systemd/system-generators/$generator"
done
# sshd without PAM takes a locked password for a locked account; this one is merely impossible.
usermod -p '*' root
say "making its first file system"
update-initramfs -c -k "$(uname -r)" >/dev/null 2>&1 || update-initramfs -u -k "$(uname -r)"
cp "/boot/vmlinuz-$(uname -r)" /run/machine-kernel
cp "/boot/initrd.img-$(uname -r)" /run/machine-initrd
[ -s /run/machine-kernel ] && [ -s /run/machine-initrd ] || fail "its kernel is not in /boot"

say "copying it"
disk=/dev/disk/by-id/virtio-root
# As build.sh makes the disks of images from packages.
mke2fs -q -F -t ext4 -L machine-root -m 1 -i 32768 -J size=32 -E root_owner=0:0,lazy_itable_init=0 "$disk"
mount "$disk" "$root"
sh "$build/recipe/clean.sh"
cp -ax /. "$root/"
rm -f "$root"/boot/vmlinuz-* "$root"/boot/initrd.img-* "$root"/vmlinuz* "$root"/initrd.img*
umount "$root" "$build"
sync
