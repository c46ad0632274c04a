#!/bin/bash
# What has no way out: a line each with its exit code, how many milliseconds it took, and what it said.
#   refused.sh NAME     a name of the internet
name=$1

try() {
  local what=$1 before after code
  shift
  before=$(date +%s%N)
  timeout 30 "$@" >/tmp/said 2>&1
  code=$?
  after=$(date +%s%N)
  echo "$what|$code|$(((after - before) / 1000000))|$(tr '\n' ' ' </tmp/said | cut -c1-200)"
}

datagram() { try "$1" bash -c "exec 3<>/dev/udp/$2 && printf 'a question' >&3 && cat <&3"; }

try "getent printer.local" getent hosts printer.local
try "getent of one label" getent hosts printer
try "an address of IPv6" perl -MSocket=:all -e 'my ($error) = getaddrinfo($ARGV[0], "443", { family => AF_INET6 }); die "$error\n" if $error' "$name"
try "getent backwards" getent hosts 192.0.2.1
datagram "DNS elsewhere" 192.0.2.1/53
datagram "QUIC by name" "$name/443"
datagram "QUIC by address" 192.0.2.1/443
datagram "NTP" 203.0.113.7/123
try "IPv6" bash -c 'exec 3<>/dev/tcp/2001:db8::1/443'
# 1, raw: ICMP, as root alone may; 132: SCTP.
try "ICMP" perl -MSocket -e 'socket(my $out, PF_INET, SOCK_RAW, 1) or die "$!\n"; send $out, pack("C2 n3", 8, 0, 0xF7FF, 0, 0), 0, pack_sockaddr_in(0, inet_aton("192.0.2.1")) or die "$!\n"'
try "SCTP" perl -MSocket -e 'socket(my $out, PF_INET, SOCK_RAW, 132) or die "$!\n"; send $out, "x" x 16, 0, pack_sockaddr_in(0, inet_aton("192.0.2.1")) or die "$!\n"'
if command -v ping >/dev/null; then
  try "ping by name" ping -c 1 "$name"
  try "ping by address" ping -c 1 192.0.2.1
fi
