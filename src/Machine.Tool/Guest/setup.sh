# Turns a booted (or thawed) machine into this project's machine. Variables come from GuestSetup.cs before this text:
# NOW USER_NAME USER_ID GROUP_ID USER_HOME PROJECT DOTNET INSIDE VOLUMES SHARES CPU_COUNT. Safe to run again.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chmod 755 /machine /machine/bin /machine/bin/*
fail() { echo "$*" >&2; exit 1; }

date -u -s "@$NOW" > /dev/null

# What starts with an environment of its own (sudo, cron) is inside too.
echo "$INSIDE" | while read -r line; do
    grep -qxF "$line" /etc/environment 2> /dev/null || echo "$line" >> /etc/environment
done

# sshd starts every command through root's shell; dash starts fastest.
sed -i 's#^\(root:.*\):/bin/bash$#\1:/bin/sh#' /etc/passwd

# --- the user: same name and numbers as on the host, so that files belong to whom they belong there
if [ "$USER_ID" != 0 ]; then
    getent group "$GROUP_ID" > /dev/null || groupadd -g "$GROUP_ID" "$USER_NAME" 2> /dev/null || groupadd -g "$GROUP_ID" "g$GROUP_ID"
    if ! getent passwd "$USER_ID" > /dev/null; then
        useradd -M -u "$USER_ID" -g "$GROUP_ID" -d "$USER_HOME" -s /bin/bash "$USER_NAME" || useradd -M -o -u "$USER_ID" -g "$GROUP_ID" -d "$USER_HOME" -s /bin/bash "u$USER_ID"
    fi
    if [ ! -d "$USER_HOME" ]; then
        mkdir -p "$USER_HOME"
        cp -rT /etc/skel "$USER_HOME"
        chown -R "$USER_ID:$GROUP_ID" "$USER_HOME"
    fi
    if [ -d /etc/sudoers.d ]; then
        echo "#$USER_ID ALL=(ALL:ALL) NOPASSWD: ALL" > /etc/sudoers.d/machine
        chmod 440 /etc/sudoers.d/machine
    fi
fi

# --- volumes: "serial fresh guest-path" a line. A fresh one is formatted; one that was ever used is only mounted.
echo "$VOLUMES" | while read -r serial fresh path; do
    [ -n "$serial" ] || continue
    device=
    for try in 1 2 3 4 5 6 7 8 9 10; do
        for block in /sys/block/vd*; do
            [ "$(cat "$block/serial" 2> /dev/null)" = "$serial" ] && device=/dev/${block##*/}
        done
        [ -n "$device" ] && [ -b "$device" ] && break
        sleep 0.2
    done
    [ -n "$device" ] || fail "volume $serial: its disk is not attached"
    mkdir -p "$path"
    mountpoint -q "$path" && continue
    if [ "$fresh" = yes ] && ! blkid "$device" > /dev/null; then
        mkfs.ext4 -q -m 0 -L "$(printf %.16s "$serial")" -E lazy_itable_init=1,lazy_journal_init=1 "$device" || fail "volume $serial: cannot be formatted"
    fi
    mount -t ext4 -o noatime,discard "$device" "$path" || fail "volume $serial: cannot be mounted; check it with: dotnet machine volume export"
    [ "$fresh" = yes ] && chown "$USER_ID:$GROUP_ID" "$path"
    rm -rf "$path/lost+found"
done
[ -d /machine/packages ] || install -d -o "$USER_ID" -g "$GROUP_ID" /machine/packages
install -d -o "$USER_ID" -g "$GROUP_ID" /machine/packages/nuget /machine/packages/npm

# --- the workspace: the host's tree below, what the guest writes above
if ! mountpoint -q /machine/lower; then
    mkdir -p /machine/lower
    mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=1048576,cache=mmap project /machine/lower || fail "the project's share cannot be mounted"
fi
if ! mountpoint -q "$PROJECT"; then
    upper=/machine/workspace/upper work=/machine/workspace/work
    mkdir -p $upper $work "$PROJECT"
    # The upper root lends its owner and mode to the mount point.
    chown --reference=/machine/lower $upper
    chmod --reference=/machine/lower $upper
    # global.json sends dotnet to .machine: on the host to the shim, here to the real SDK (or, without one, to nothing).
    # The names of the host's .machine stay hidden: each is replaced, or whited out.
    rm -rf $upper/.machine
    mkdir $upper/.machine
    [ ! -d "$DOTNET" ] || ln -s "$DOTNET"/* $upper/.machine/
    echo '*' > $upper/.machine/.gitignore
    for name in /machine/lower/.machine/*; do
        name=$upper/.machine/${name##*/}
        [ -e "$name" ] || [ "${name##*/}" = '*' ] || mknod "$name" c 0 0
    done
    mount -t overlay -o lowerdir=/machine/lower,upperdir=$upper,workdir=$work,index=off,metacopy=off,redirect_dir=off,xino=off overlay "$PROJECT" ||
        fail "the workspace cannot be mounted"
fi

# --- further shares: "tag mode guest-path" a line
echo "$SHARES" | while read -r tag mode path; do
    [ -n "$tag" ] || continue
    mkdir -p "$path"
    mountpoint -q "$path" || mount -t 9p -o "$mode,trans=virtio,version=9p2000.L,msize=1048576,cache=mmap" "$tag" "$path" || fail "the share $path cannot be mounted"
done
mkdir -p /run/machine
