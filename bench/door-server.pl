#!/usr/bin/perl
# The server of bench/door.sh. The first line of a connection says what becomes of it: "answer" (one line), "same" (all comes back), "take BYTES" (and a line
# when they came), "check BYTES" (and their SHA-256), "give BYTES", "piece TIMES" (a file, so many times).
#   door-server.pl PORT FILE
use strict;
use warnings;
use Socket;

my ($port, $piece) = @ARGV;
$SIG{CHLD} = 'IGNORE';
socket my $listening, PF_INET, SOCK_STREAM, 0 or die $!;
setsockopt $listening, SOL_SOCKET, SO_REUSEADDR, 1;
bind $listening, pack_sockaddr_in($port, INADDR_ANY) or die $!;
listen $listening, 2000;
while (accept my $client, $listening) {
    my $child = fork // next;
    next if $child;
    $SIG{CHLD} = 'DEFAULT';
    my $line = '';
    # No byte beyond the line: it is the next program's.
    while ($line !~ /\n/) { sysread $client, $line, 1, length $line or exit }
    open STDIN, '<&', $client;
    open STDOUT, '>&', $client;
    if ($line =~ /\Aanswer/) { syswrite $client, "here\n" }
    elsif ($line =~ /\Asame/) { exec 'cat' }
    elsif ($line =~ /\Atake ([0-9]+)/) { exec 'sh', '-c', "head -c $1 >/dev/null; echo taken" }
    elsif ($line =~ /\Acheck ([0-9]+)/) { exec 'sh', '-c', "head -c $1 | sha256sum" }
    elsif ($line =~ /\Agive ([0-9]+)/) { exec 'head', '-c', $1, '/dev/zero' }
    elsif ($line =~ /\Apiece ([0-9]+)/) { exec 'cat', ($piece) x $1 }
    exit;
}
