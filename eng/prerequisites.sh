#!/usr/bin/env bash
# Installs the system programs that a machine needs, or says which to install where there is no apt.
# Safe to run again: what is there is left alone. demo.sh, test.sh and a developer call it.
#
#   eng/prerequisites.sh          what running machines needs
#   eng/prerequisites.sh --tests  and what the tests use besides
set -euo pipefail

tests=false
case "${1:-}" in
  "") ;;
  --tests) tests=true ;;
  *) echo "usage: ${0##*/} [--tests]" >&2; exit 2 ;;
esac

say() { printf '%s\n' "$*" >&2; }

# sbin is not on an ordinary user's PATH, and mkfs.ext4 lies there.
have() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

if ! have dotnet; then
  say "the .NET SDK is missing: install the version that global.json names, so that 'dotnet --version' works"
  exit 1
fi

linux_programs() {
  # program, Debian package, Fedora package
  cat <<'LIST'
git git git
ssh openssh-client openssh-clients
ssh-keygen openssh-client openssh-clients
qemu-system-x86_64 qemu-system-x86 qemu-system-x86-core
qemu-img qemu-utils qemu-img
mmdebstrap mmdebstrap mmdebstrap
newuidmap uidmap shadow-utils
mkfs.ext4 e2fsprogs e2fsprogs
LIST
  if $tests; then
    cat <<'LIST'
sudo sudo sudo
shellcheck shellcheck ShellCheck
syslinux syslinux syslinux
mcopy mtools mtools
mkfs.vfat dosfstools dosfstools
sfdisk fdisk util-linux
ip iproute2 iproute
git-lfs git-lfs git-lfs
LIST
  fi
}

# Prints column $1 of what is missing, each name once.
missing() {
  linux_programs | while read -r program debian fedora; do
    have "$program" || case "$1" in debian) echo "$debian" ;; fedora) echo "$fedora" ;; esac
  done | sort -u
  # An Ubuntu host builds Debian images, and needs Debian's keys to trust them.
  if $tests && [ "$1" = debian ] && [ ! -e /usr/lib/syslinux/mbr/mbr.bin ]; then
    echo syslinux-common
  fi
  # Fedora has none of its own kind; the tests of Docker are skipped there.
  if $tests && [ "$1" = debian ] && ! have docker-registry; then
    echo docker-registry
  fi
  if [ "$1" = debian ] && [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] && [ ! -e /usr/share/keyrings/debian-archive-keyring.pgp ]; then
    echo debian-archive-keyring
  fi
}

refuse_with() {
  say "programs are missing here. Install them and run this again:"
  say "  $*"
  exit 1
}

install_with_apt() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || refuse_with "(as root) apt-get install --no-install-recommends $*"
    as_root=(sudo)
    if [ -n "${CI:-}" ] || [ ! -t 0 ]; then
      sudo -n true 2>/dev/null || refuse_with "sudo apt-get install --no-install-recommends $*"
      as_root=(sudo -n)
    else
      say "These packages are needed: $*"
      read -r -p "Install them with sudo apt-get? [Y/n] " answer
      case "$answer" in
        "" | [Yy]*) ;;
        *) refuse_with "sudo apt-get install --no-install-recommends $*" ;;
      esac
    fi
  fi

  say "installing: $*"
  # A fresh machine may still be busy with its own first upgrade: wait for apt's lock. A stale list is no reason to stop.
  local apt=("${as_root[@]+"${as_root[@]}"}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  "${apt[@]}" update >&2 || say "apt-get update failed; going on with the lists that are here"
  "${apt[@]}" install --no-install-recommends "$@" >&2
}

case "$(uname -s)" in
  Linux)
    if have apt-get; then
      mapfile -t packages < <(missing debian)
      if [ "${#packages[@]}" -gt 0 ]; then
        install_with_apt "${packages[@]}"
      fi
    else
      mapfile -t packages < <(missing fedora)
      if [ "${#packages[@]}" -gt 0 ]; then
        refuse_with "sudo dnf install ${packages[*]}   (or what your distribution calls them)"
      fi
    fi

    # Building an image as an ordinary user maps a range of user ids; most systems give every user one.
    if [ "$(id -u)" -ne 0 ] && ! grep -qsE "^($(id -un)|$(id -u)):" /etc/subuid; then
      say "note: $(id -un) has no range in /etc/subuid, so images cannot be built as this user. To add one:"
      say "  sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)"
    fi
    ;;
  Darwin)
    if ! have qemu-system-x86_64 || ! have qemu-img; then
      refuse_with "brew install qemu"
    fi
    ;;
  *)
    if ! have qemu-system-x86_64 || ! have qemu-img; then
      refuse_with "winget install SoftwareFreedomConservancy.QEMU   (and add its folder to PATH)"
    fi
    ;;
esac
