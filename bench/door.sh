# shellcheck shell=bash disable=SC2034,SC2154,SC2164 # bench.sh has the variables, and ends where a command fails
# The door against bare `ssh -R` to the same server, in the same machine. The server is behind a network of its own, with an address of the internet: root alone can make one.
[ "$(id -u)" -eq 0 ] || { echo "--door makes network namespaces: run it as root" >&2; exit 1; }
here="bench$$h" there="bench$$s" door_size=$((64 << 20)) whole=$((1 << 30))
project="$work/p-door"
mkdir -p "$project"
cd "$project"
printf 'sdk: none\nidle: never\n' >Machinefile
cp "$root/bench/door-inside.sh" .
door_clean() {
  [ -z "${door_server:-}" ] || kill "$door_server" 2>/dev/null || true
  ip netns delete "$here" 2>/dev/null || true
  ip netns delete "$there" 2>/dev/null || true
  rm -rf "/etc/netns/$here"
}
echo "== image"
machine image build
echo 'network: { allow: ["server.example.com:7000"] }' >>Machinefile
ip netns add "$here"
ip netns add "$there"
mkdir -p "/etc/netns/$here"
: >"/etc/netns/$here/resolv.conf"
printf '127.0.0.1 localhost\n11.8.0.2 server.example.com\n' >"/etc/netns/$here/hosts"
for space in "$here" "$there"; do ip -n "$space" link set lo up; done
ip link add wire netns "$here" type veth peer name wire netns "$there"
ip -n "$here" address add 11.7.0.1/24 dev wire
ip -n "$there" address add 11.7.0.2/24 dev wire
ip -n "$there" address add 11.8.0.2/32 dev wire
for space in "$here" "$there"; do ip -n "$space" link set wire up; done
ip -n "$here" route add default via 11.7.0.2
head -c $((64 << 20)) /dev/urandom >"$work/piece"
ip netns exec "$there" perl "$root/bench/door-server.pl" 7000 "$work/piece" &
door_server=$!

echo "== door"
ip netns exec "$here" "$tool" start --approve
accelerator=$(of accelerator)
control=$(ls -d "${XDG_RUNTIME_DIR:-/tmp}"/machine-*/"$(of id | sed 's/.*-//')"/ssh)
ssh -F none -o ControlPath="$control" -O forward -R 127.0.0.1:7001:11.8.0.2:7000 root@machine
supervisor=$(of supervisorId)
# A process that has just begun to carry is compiled and finds its buffers: that is not measured.
inside() { machine exec -- bash door-inside.sh "$@"; }
inside connect 20 >/dev/null
inside take 7000 $((8 << 20)) >/dev/null
idle=$(pss "$supervisor")

inside connect 200 >"$work/connections"
awk '{ print $1 }' "$work/connections" | row "a connection through the door, to the server's first answer" ms
awk '{ print $2 }' "$work/connections" | row "the same through bare \`ssh -R\`, in turn" ms
awk '{ print $1 - $2 }' "$work/connections" | row "how much more" ms
awk '{ print $1 / $2 }' "$work/connections" | row "how many times as long" times
inside lookup 50 | row "looking a name up" ms
for way in take give; do
  : >"$work/rates"
  # In turn: what they differ in is less than what a host wavers.
  for _ in 1 2 3; do
    echo "$(inside "$way" 7000 "$door_size") $(inside "$way" 7001 "$door_size")" | tee -a "$work/rates"
  done
  direction=$([ "$way" = take ] && echo "out of" || echo "into")
  awk '{ print $1 }' "$work/rates" | row "$((door_size >> 20)) MiB $direction the machine, door" MiB/s
  awk '{ print $2 }' "$work/rates" | row "the same, bare \`ssh -R\`" MiB/s
  awk '{ print 100 * $1 / $2 }' "$work/rates" | row "the door's share of it" %
done
inside whole "$whole" "$(for _ in $(seq $((whole >> 26))); do cat "$work/piece"; done | sha256sum | cut -d' ' -f1)" | row "$((whole >> 20)) MiB each way through the door, whole by its SHA-256" s
inside many 1000 >"$work/many" &
many=$!
while kill -0 "$many" 2>/dev/null; do
  pss "$supervisor" 2>/dev/null || true
  sleep 0.5
done | sort -n | tail -1 >"$work/most"
wait "$many"
row "1,000 connections at once, 8 KiB there and back on each: all of them" s <"$work/many"
echo "$idle" | row "supervisor's memory (PSS), the door used a little" MiB
awk -v idle="$idle" '{ print $1 - idle }' "$work/most" | row "more of it, at most, with 1,000 connections" MiB
