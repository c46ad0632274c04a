# shellcheck shell=sh
# The user who builds: same name and numbers as on the host, so that files belong to whom they belong there.
# Variables come before this text: USER_NAME USER_ID GROUP_ID USER_HOME. Safe to run again; a template has run it already.
if [ "$USER_ID" != 0 ] && [ ! -e "/machine/etc/user-$USER_ID" ]; then
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
    # Docker's socket belongs to its group; sudo is open to this user anyway, so nothing is given away.
    if getent group docker > /dev/null; then
        usermod -a -G docker "$(id -nu "$USER_ID")"
    fi
    : > "/machine/etc/user-$USER_ID"
fi
