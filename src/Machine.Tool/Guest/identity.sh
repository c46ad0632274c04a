#!/bin/sh
# Gives this machine its identity: ssh_host_ed25519_key, authorized_keys and hostname, as handed in from outside.
# Run at boot before sshd, and again in a machine that was copied from another's memory. Any way of delivery that puts
# the three files into one folder will do: name it as the argument.
set -eu

# QEMU's: each file is /sys/firmware/qemu_fw_cfg/by_name/opt/machine/NAME/raw.
firmware=/sys/firmware/qemu_fw_cfg/by_name/opt/machine
given=${1:-/run/machine/identity}
if [ ! -d "$given" ]; then
  [ -d "$firmware" ] || modprobe qemu_fw_cfg || true
fi

item() {
  if [ -f "$given/$1" ]; then cat "$given/$1"
  elif [ -f "$firmware/$1/raw" ]; then cat "$firmware/$1/raw"
  else return 1
  fi
}

umask 077
if ! item ssh_host_ed25519_key >/etc/ssh/key.new; then
  rm -f /etc/ssh/key.new
  echo "machine: no identity was handed in, so sshd does not start" >&2
  exit 1
fi
mv /etc/ssh/key.new /etc/ssh/ssh_host_ed25519_key
if keys=$(item authorized_keys); then
  mkdir -p /root/.ssh
  printf '%s\n' "$keys" >/root/.ssh/authorized_keys
fi
umask 022
if name=$(item hostname); then
  printf '%s\n' "$name" >/etc/hostname
  printf '%s\n' "$name" >/proc/sys/kernel/hostname
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost ip6-loopback\n' "$name" >/etc/hosts
fi
