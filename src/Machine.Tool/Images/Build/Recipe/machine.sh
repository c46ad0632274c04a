#!/bin/sh
# What makes a Debian system a machine: identity from outside, sshd for root by key, a network card that asks for its
# address, and nothing that runs by itself. Argument: the root folder (empty inside a running guest). Recipe beside it.
set -eu
root=${1:-} recipe=$(dirname "$0")

install -D -m 0755 "$recipe/identity.pl" "$root/usr/lib/machine/identity"
install -D -m 0644 "$recipe/machine-identity.service" "$root/etc/systemd/system/machine-identity.service"
install -D -m 0755 "$recipe/door.pl" "$root/usr/lib/machine/door"
install -D -m 0644 "$recipe/machine-door.service" "$root/etc/systemd/system/machine-door.service"
install -D -m 0644 "$recipe/machine-grow.service" "$root/etc/systemd/system/machine-grow.service"
install -D -m 0644 "$recipe/ssh.service" "$root/etc/systemd/system/ssh.service"
for unit in dbus.service systemd-logind.service systemd-user-sessions.service; do
  install -D -m 0644 "$recipe/late.conf" "$root/etc/systemd/system/$unit.d/10-machine.conf"
done
install -D -m 0644 "$recipe/udev-trigger.conf" "$root/etc/systemd/system/systemd-udev-trigger.service.d/10-machine.conf"
install -D -m 0644 "$recipe/modprobe.conf" "$root/etc/modprobe.d/machine.conf"
install -D -m 0644 "$recipe/sshd.conf" "$root/etc/ssh/sshd_config.d/10-machine.conf"
install -D -m 0644 "$recipe/machine.network" "$root/etc/systemd/network/10-machine.network"
install -D -m 0644 "$recipe/journald.conf" "$root/etc/systemd/journald.conf.d/10-machine.conf"
install -D -m 0644 "$recipe/system.conf" "$root/etc/systemd/system.conf.d/10-machine.conf"
printf '/dev/root / ext4 defaults,noatime,noinit_itable 0 0\n' >"$root/etc/fstab"
printf 'unqualified\n' >"$root/etc/hostname"
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id" "$root/var/lib/systemd/random-seed"

# Kept links rather than `systemctl enable`: there may be no running system below this root.
units=$root/etc/systemd/system
mkdir -p "$units/multi-user.target.wants" "$units/sysinit.target.wants" "$units/network-online.target.wants"
ln -sf /etc/systemd/system/machine-identity.service "$units/multi-user.target.wants/"
ln -sf /etc/systemd/system/machine-door.service "$units/multi-user.target.wants/"
ln -sf /etc/systemd/system/machine-grow.service "$units/multi-user.target.wants/"
ln -sf /lib/systemd/system/systemd-networkd.service "$units/multi-user.target.wants/"
ln -sf /etc/systemd/system/ssh.service "$units/multi-user.target.wants/"
rm -f "$units/ssh.socket" "$units/sockets.target.wants/ssh.socket"
ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
# Docker, where it is installed: containers ask the door's resolver (loopback is another place in there), have addresses that are neither
# the machine's nor the door's, and the daemon is started by its first use, so a machine that does not use it pays nothing.
if [ -e "$root/usr/sbin/dockerd" ] || [ -e "$root/usr/bin/dockerd" ]; then
  install -D -m 0644 "$recipe/docker.json" "$root/etc/docker/daemon.json"
  rm -f "$units/multi-user.target.wants/docker.service" "$units/multi-user.target.wants/containerd.service"
  mkdir -p "$units/sockets.target.wants"
  ln -sf /lib/systemd/system/docker.socket "$units/sockets.target.wants/"
fi
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
  fstrim.timer man-db.timer logrotate.timer motd-news.timer systemd-tmpfiles-clean.timer \
  getty.target getty@.service serial-getty@.service console-getty.service autovt@.service \
  systemd-networkd-wait-online.service systemd-resolved.service systemd-timesyncd.service systemd-firstboot.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service \
  systemd-journal-catalog-update.service systemd-hwdb-update.service systemd-pstore.service systemd-binfmt.service \
  ldconfig.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
  modprobe@drm.service modprobe@efi_pstore.service modprobe@configfs.service sys-kernel-config.mount \
  modprobe@dm_mod.service modprobe@loop.service modprobe@fuse.service sys-fs-fuse-connections.mount dev-mqueue.mount \
  systemd-sysusers.service systemd-journal-flush.service systemd-machine-id-commit.service \
  keyboard-setup.service console-setup.service rescue-ssh.target ssh.socket; do
  ln -sf /dev/null "$units/$unit"
done
# A generator is a process at every boot; these look for what a machine does not have.
mkdir -p "$root/etc/systemd/system-generators"
for generator in bless-boot cryptsetup debug getty gpt-auto hibernate-resume integritysetup rc-local ssh \
  system-update sysv tpm2 veritysetup; do
  ln -sf /dev/null "$root/etc/systemd/system-generators/systemd-$generator-generator"
done
