#!/bin/sh
# signal.sh TOKEN SIGNAL: to every process that the command TOKEN started and that still runs.
# What was ordered and never taken must not stay: it may hold a secret.
[ "$2" != KILL ] || rm -f "/run/machine/orders/$1"
group=/sys/fs/cgroup/machine/$1
[ -d "$group" ] || exit 0
if [ "$2" = KILL ]; then
    echo 1 > "$group/cgroup.kill"
else
    # Only what the terminal would reach: build servers have sessions of their own and end with KILL.
    while read -r pid; do kill "-$2" "$pid" 2>/dev/null; done < "$group/cgroup.procs"
fi
exit 0
