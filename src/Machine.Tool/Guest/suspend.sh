#!/bin/sh
# suspend.sh PROJECT SHARE-PATH…: lets go of the host's folders, so that the machine can be frozen. Where a process is
# still at work in one of them, everything stays as it was, and the last line says who it is.
project=$1
shift
busy() {
    for process in /proc/[0-9]*; do
        for link in "$process/cwd" "$process/root" "$process"/fd/*; do
            case $(readlink "$link" 2> /dev/null) in
                "$1" | "$1"/*) echo "$(cat "$process/comm" 2> /dev/null) (process ${process#/proc/}) works in $1" >&2; return ;;
            esac
        done
    done
    echo "something still uses $1" >&2
}
sync
for path; do
    umount "$path" 2> /dev/null || ! mountpoint -q "$path" || { busy "$path"; exit 1; }
done
umount "$project" 2> /dev/null || ! mountpoint -q "$project" || { busy "$project"; exit 1; }
umount /machine/lower 2> /dev/null || ! mountpoint -q /machine/lower || { busy /machine/lower; exit 1; }
# What was only read need not be written to the host's disk and read back.
echo 1 > /proc/sys/vm/drop_caches
