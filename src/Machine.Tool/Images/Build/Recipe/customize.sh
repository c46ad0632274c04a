#!/bin/sh
# Turns a freshly installed distribution into a machine. Runs on the host, with the root folder as its argument; only
# programs of the distribution itself run in there, as its package manager ran them a moment ago.
set -eu
root=$1 work=$MACHINE_WORK

# The host's own certificate authorities, so that a company's servers are trusted inside too.
if [ -d "$work/ca" ]; then
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp "$work"/ca/*.crt "$root/usr/local/share/ca-certificates/"
  chmod 0644 "$root"/usr/local/share/ca-certificates/*.crt
  chroot "$root" update-ca-certificates >/dev/null
fi

# The .NET SDK: from the host's installation, or unpacked from an archive whose checksum was verified.
if [ -f "$work/sdk.list" ]; then
  mkdir -p "$root/usr/share/dotnet"
  dotnet=$(cat "$work/sdk.root")
  tar -C "$dotnet" -chf - --verbatim-files-from --files-from="$work/sdk.list" |
    tar -C "$root/usr/share/dotnet" --no-same-owner -xf -
elif [ -f "$work/sdk.tar.gz" ]; then
  mkdir -p "$root/usr/share/dotnet"
  tar -C "$root/usr/share/dotnet" --no-same-owner -xzf "$work/sdk.tar.gz"
fi
if [ -e "$root/usr/share/dotnet/dotnet" ]; then
  # The SDK makes this at its first use, and says at each that it could not where its user is not root.
  mkdir -p "$root/usr/share/dotnet/metadata"
  chmod -R u=rwX,go=rX "$root/usr/share/dotnet"
  ln -sf ../share/dotnet/dotnet "$root/usr/bin/dotnet"
fi

sh "$work/recipe/machine.sh" "$root"

# Proxies and mirrors may carry a password in their address; none enters a guest.
rm -f "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/apt/auth.conf
cp "$work/guest.sources" "$root/etc/apt/sources.list.d/machine.sources"
rm -f "$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/0000*
