#!/bin/sh
# freeze.sh PATH…: ends every command and leaves clean file systems on the volumes, for a power that goes at once.
for group in /sys/fs/cgroup/machine/*/cgroup.kill; do
    [ -e "$group" ] && echo 1 > "$group"
done
for path; do
    mountpoint -q "$path" || continue
    fsfreeze -f "$path" || exit 1
done
exit 0
