# shellcheck shell=bash disable=SC2034,SC2154,SC2164 # bench.sh has the variables, and ends where a command fails
# Vagrant with its libvirt provider: `vagrant up` of a new machine of the same system, on the same accelerator, with as many
# processors and as much memory. Its box is made here, as no registry of boxes need be in reach: Debian's packages from this host's
# mirror, the user and the key that every box has. It boots by its kernel, without a boot loader, which is to its advantage.
peer() { echo "| Vagrant | not measured: $1 | | |" | tee -a "$rows"; }
vagrant_there() { command -v vagrant >/dev/null && vagrant plugin list 2>/dev/null | grep -q vagrant-libvirt; }
libvirt_there() { virsh -c qemu:///system uri >/dev/null 2>&1; }

peers_clean() {
  [ ! -e "$work/machine-bench/Vagrantfile" ] || (cd "$work/machine-bench" && vagrant destroy -f >/dev/null 2>&1) || true
  if libvirt_there; then
    virsh -c qemu:///system vol-list default 2>/dev/null | awk '/machine-bench/ { print $1 }' |
      xargs -r -n 1 virsh -c qemu:///system vol-delete --pool default >/dev/null 2>&1 || true
  fi
  # Only the daemons that were started here; the network's own would stay without its libvirt.
  if [ -e "$work/daemons" ]; then
    virsh -c qemu:///system net-destroy vagrant-libvirt >/dev/null 2>&1 || true
    xargs kill <"$work/daemons" 2>/dev/null || true
  fi
}

make_box() { # of Debian 12, which a machine's image is by default
  local box="$work/box"
  mkdir -p "$box"
  local sources=() key
  key=$(find /usr/share/vagrant /usr/share/rubygems-integration /opt/vagrant -path '*/keys/vagrant.pub' 2>/dev/null | head -n 1)
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$file" ] || sources+=("$file")
  done
  mmdebstrap --quiet --variant=important --format=directory --include=linux-image-amd64,openssh-server,sudo \
    --customize-hook='printf "[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n" >"$1/etc/systemd/network/20-any.network"' \
    --customize-hook='chroot "$1" systemctl enable systemd-networkd ssh' \
    --customize-hook='chroot "$1" useradd -m -s /bin/bash vagrant' \
    --customize-hook='echo "vagrant ALL=(ALL) NOPASSWD: ALL" >"$1/etc/sudoers.d/vagrant"' \
    --customize-hook='install -d -m 0700 "$1/home/vagrant/.ssh"' \
    --customize-hook="install -m 0600 $key \"\$1/home/vagrant/.ssh/authorized_keys\"" \
    --customize-hook='chroot "$1" chown -R vagrant: /home/vagrant/.ssh' \
    bookworm "$box/root" "${sources[@]}"
  cp "$box"/root/boot/vmlinuz-* "$work/kernel"
  cp "$box"/root/boot/initrd.img-* "$work/initrd"
  truncate -s 10G "$box/box.raw"
  mke2fs -q -F -t ext4 -d "$box/root" "$box/box.raw"
  rm -rf --one-file-system "$box/root"
  qemu-img convert -q -O qcow2 "$box/box.raw" "$box/box.img"
  rm "$box/box.raw"
  echo '{ "provider": "libvirt", "format": "qcow2", "virtual_size": 10 }' >"$box/metadata.json"
  echo 'Vagrant.configure("2") { |config| }' >"$box/Vagrantfile"
  tar -C "$box" -cf "$work/bench.box" metadata.json Vagrantfile box.img
  rm -rf "$box"
  # Its caller asks how it ended, so that no failure before this ended it.
  [ -s "$work/bench.box" ] && [ -s "$work/initrd" ]
}

vagrantfile() {
  local driver=qemu
  [ "$accelerator" = tcg ] || driver=kvm
  cat <<END
Vagrant.configure("2") do |config|
  config.vm.box = "machine-bench"
  config.vm.synced_folder ".", "/vagrant", type: "9p"
  config.vm.boot_timeout = 900
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = "$driver"
    libvirt.cpus = 2
    libvirt.memory = 4096
    libvirt.kernel = "$work/kernel"
    libvirt.initrd = "$work/initrd"
    libvirt.cmd_line = "root=/dev/vda rw console=ttyS0"
  end
end
END
}

measure_vagrant() {
  export VAGRANT_HOME="$work/vagrant-home" VAGRANT_DEFAULT_PROVIDER=libvirt VAGRANT_CHECKPOINT_DISABLE=1
  # libvirt's own user reads the kernel and the share.
  chmod 0711 "$work"
  mkdir -p "$work/machine-bench"
  echo "== Vagrant's box"
  make_box >"$work/output" 2>&1 || { tail -n 20 "$work/output" >&2; peer "its box could not be made"; return; }
  vagrant box add --name machine-bench "$work/bench.box" >/dev/null
  rm "$work/bench.box"
  cd "$work/machine-bench"
  vagrantfile >Vagrantfile
  # The first one also copies the box to where libvirt keeps disks.
  echo "== Vagrant"
  vagrant up >"$work/output" 2>&1 || { tail -n 20 "$work/output" >&2; peer "\`vagrant up\` failed"; return; }
  repeat 3 "vagrant destroy -f" vagrant up | row "Vagrant: \`vagrant up\` of a new machine" s
  repeat 5 nothing vagrant ssh -c true | row "Vagrant: \`vagrant ssh -c true\`" s
  sleep 60
  pss "$(cat /run/libvirt/qemu/*machine-bench_default.pid)" | row "Vagrant: memory (PSS) of one machine, idle for 60 s" MiB
}

if ! vagrant_there && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends vagrant vagrant-libvirt libvirt-daemon-system libvirt-clients dnsmasq-base iptables >"$work/output" 2>&1 || tail -n 5 "$work/output" >&2
fi
if ! vagrant_there; then
  peer "vagrant with vagrant-libvirt is not installed, and could not be from this host's packages"
elif ! grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
  peer "its box is made from the packages of a Debian 12 host"
else
  if ! libvirt_there && [ "$(id -u)" = 0 ]; then
    # No init system here.
    for daemon in virtlogd libvirtd; do
      /usr/sbin/$daemon >"$work/$daemon.log" 2>&1 &
      echo $! >>"$work/daemons"
    done
    for _ in $(seq 50); do ! libvirt_there || break; sleep 0.2; done
  fi
  if libvirt_there; then measure_vagrant; else peer "libvirt does not answer"; fi
fi
