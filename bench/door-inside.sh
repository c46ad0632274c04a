#!/usr/bin/env bash
# What bench/door.sh has a machine do, and measures inside: the server of bench/door-server.pl is at port 7000 through the door, and at port 7001 of loopback through ssh.
set -euo pipefail
name=server.example.com

since() { awk -v from="$1" -v to="$EPOCHREALTIME" -v times="${2:-1}" 'BEGIN { printf "%.3f\n", (to - from) * times }'; }

# What is measured is the connection, not the name.
address=$(getent hosts $name | cut -d' ' -f1)

# place PORT: where it is.
place() { [ "$1" = 7000 ] && echo "$address/7000" || echo "127.0.0.1/$1"; }

connect() {
  local before line
  before=$EPOCHREALTIME
  exec 3<>"/dev/tcp/$1"
  echo answer >&3
  read -r line <&3
  [ "$line" = here ]
  took=$(since "$before" 1000)
  exec 3>&-
}

case "$1" in
  connect) # a line a pair, in ms: the door, ssh
    through_door=$(place 7000)
    through_ssh=$(place 7001)
    for _ in $(seq "$2"); do
      connect "$through_door"
      door=$took
      connect "$through_ssh"
      echo "$door $took"
    done
    ;;
  lookup)
    for _ in $(seq "$2"); do
      before=$EPOCHREALTIME
      getent ahostsv4 $name >/dev/null
      since "$before" 1000
    done
    ;;
  take | give) # MiB a second
    exec 3<>"/dev/tcp/$(place "$2")"
    before=$EPOCHREALTIME
    echo "$1 $3" >&3
    if [ "$1" = take ]; then
      head -c "$3" /dev/zero >&3
      read -r line <&3
      [ "$line" = taken ]
    else
      [ "$(cat <&3 | wc -c)" = "$3" ]
    fi
    awk -v from="$before" -v to="$EPOCHREALTIME" -v bytes="$3" 'BEGIN { print bytes / 1048576 / (to - from) }'
    ;;
  whole) # BYTES, and the SHA-256 of what the server gives: seconds for both ways
    before=$EPOCHREALTIME
    pieces=$(($2 >> 26))
    exec 3<>"/dev/tcp/$(place 7000)"
    echo "piece $pieces" >&3
    [ "$(sha256sum <&3)" = "$3  -" ]
    exec 3>&-
    head -c $((64 << 20)) /dev/urandom >/tmp/piece
    pour() { for _ in $(seq "$pieces"); do cat /tmp/piece; done; }
    exec 3<>"/dev/tcp/$(place 7000)"
    echo "check $2" >&3
    pour >&3
    read -r there _ <&3
    [ "$there  -" = "$(pour | sha256sum)" ]
    rm /tmp/piece
    since "$before"
    ;;
  many) # seconds until each of so many connections, all of them open, got back what it sent
    ulimit -n 8192
    before=$EPOCHREALTIME
    text=$(head -c 6000 /dev/urandom | base64 -w 0)
    place=$(place 7000)
    for i in $(seq 1001 $((1000 + $2))); do
      exec {one}<>"/dev/tcp/$place"
      open[i]=$one
      printf 'same\n%s' "$i$text" >&"$one"
    done
    for i in "${!open[@]}"; do
      # By its length: a line is read byte by byte.
      read -r -N 8004 got <&"${open[i]}"
      [ "$got" = "$i$text" ] || { echo "connection $i: ${#got} of 8004 characters" >&2; exit 1; }
    done
    since "$before"
    ;;
esac
