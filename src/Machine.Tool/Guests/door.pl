#!/usr/bin/perl
# The guest's end of the door (Doors/Egress): a resolver that gives every name of the internet an address of its own, and a relay at which
# connections to those addresses end. It tells the host which name and port a program wants; the host decides, and answers. Nothing here
# protects anything: whoever is root in here can do without it, and then has no network.
#   door        lays out the network of this machine, and serves
#   door serve  serves only
#   door network lays out the network only
# One process, with what perl-base has: Debian's smallest system has no more.
use strict;
use warnings;
use Errno qw(EAGAIN EINPROGRESS EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket;

# 198.18.0.0/15 is kept for such networks (RFC 2544); no server of the internet is there. The first 256 addresses are this machine's own.
my ($card, $own, $first, $most) = ('machine0', '198.18.0.1', 256, 131_072);
my ($relay_port, $door_port, $service_port) = (7782, 7781, 7780);
my $names_file = $ENV{MACHINE_DOOR_NAMES} || '/var/lib/machine/names';
my ($most_buffered, $most_connections, $most_opening, $most_askers, $most_asked) = (262_144, 1200, 100, 4, 100);
my ($IN, $OUT, $ERR, $HUP) = (1, 4, 8, 16);
my $intel = -e '/lib64/ld-linux-x86-64.so.2';
my ($EPOLL_CREATE, $EPOLL_CTL, $EPOLL_WAIT) = $intel ? (291, 233, 281) : (20, 21, 22);
my $event = $intel ? 'L q' : 'L x4 q';
my $event_bytes = length pack $event, 0, 0;

$SIG{PIPE} = 'IGNORE';
my $what = @ARGV ? $ARGV[0] : '';
lay_out() if $what ne 'serve';
exit 0 if $what eq 'network';
$SIG{CHLD} = 'IGNORE';

# --- names: the same name has the same address as long as this machine lives, and no address is given twice
my (%address_of, %name_of);
if (open my $known, '<', $names_file) {
    while (<$known>) { if (/^(\S+) ([0-9]+)\n/) { $address_of{$1} = $2; $name_of{$2} = $1 } }
}
mkdir $names_file =~ s{/[^/]*\z}{}r;
my $names;
open($names, '>>', $names_file) or do { warn "machine: $names_file: $!\n"; undef $names };

# As the host reads one (Machinefiles/Network/HostName.cs).
sub is_public {
    my ($name) = @_;
    return 1 if $name =~ /\A[a-z0-9-]{1,40}\.secret\.internal\z/;    # this host's own (Doors/Secrets)
    return 0 if length $name > 253 || $name !~ /\.([^.]+)\z/;
    my $last = $1;
    return 0 if $last =~ /\A(?:[0-9]+|0x[0-9a-f]*|local|internal|localhost|invalid|onion|alt)\z/;
    for (split /\./, $name, -1) { return 0 unless /\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\z/ }
    return 1;
}

# Begins where the name itself says, so that a machine that begins anew finds the same addresses.
sub address_of {
    my ($name) = @_;
    return $address_of{$name} if exists $address_of{$name};
    return if keys %address_of >= 100_000;
    my $hash = 5381;
    $hash = ($hash * 33 + ord) & 0xFFFFFFFF for split //, $name;
    my $place = $hash % ($most - $first);
    $place = ($place + 1) % ($most - $first) while exists $name_of{$place + $first};
    $place += $first;
    ($address_of{$name}, $name_of{$place}) = ($place, $name);
    syswrite $names, "$name $place\n" if $names;
    return $place;
}

sub answer_of {
    my ($query) = @_;
    return if length $query < 17;
    my ($id, $flags, $questions) = unpack 'n3', $query;
    return if $flags & 0x8000;
    my $refused = sub { pack('n6', $id, 0x8180 | ($flags & 0x7900) | $_[0], 0, 0, 0, 0) };
    return $refused->(4) if $questions != 1 || $flags & 0x7800;    # NOTIMP
    my ($at, @labels) = (12);
    while (1) {
        my $size = $at < length $query ? ord substr $query, $at, 1 : 64;
        return $refused->(1) if $size > 63 || $at + 1 + $size > length $query;    # FORMERR
        $at++;
        last if !$size;
        push @labels, substr $query, $at, $size;
        $at += $size;
    }
    return $refused->(1) if $at + 4 > length $query;
    my ($type, $class) = unpack 'n2', substr $query, $at;
    my $name = lc join '.', @labels;
    my $question = substr $query, 12, $at + 4 - 12;
    my ($code, $data) = (0);
    if ($class != 1) { $code = 4 }
    elsif ($name =~ /\A([0-9]+)\.([0-9]+)\.(1[89])\.198\.in-addr\.arpa\z/) {
        my $known = $name_of{(($3 - 18) << 16) + ($2 << 8) + $1};
        if (!$known) { $code = 3 }
        elsif ($type == 12) { $data = join('', map { chr(length) . $_ } split /\./, $known) . "\0" }
    }
    elsif (!is_public($name)) { $code = 3 }    # NXDOMAIN
    elsif ($type == 1 || $type == 255) {
        my $place = address_of($name);
        if (defined $place) { $type = 1; $data = pack 'N', (198 << 24) + (18 << 16) + $place } else { $code = 2 }
    }
    my $answer = pack('n6', $id, 0x8180 | ($flags & 0x0100) | $code, 1, defined $data ? 1 : 0, 0, 0) . $question;
    $answer .= pack('n3 N n', 0xC00C, $type, 1, 600, length $data) . $data if defined $data;
    return $answer;
}

# --- the loop
my $poll = syscall $EPOLL_CREATE, 0;
$poll >= 0 or die "machine: no epoll: $!\n";
my (%handler, %mask);

sub watch {
    my ($socket, $wanted) = @_;
    my $number = fileno $socket;
    my $had = $mask{$number};
    return if defined $had && $had == $wanted;
    if (!$wanted) { return unless defined $had; syscall $EPOLL_CTL, $poll, 2, $number, 0; delete $mask{$number}; return }
    my $wish = pack $event, $wanted, $number;
    syscall $EPOLL_CTL, $poll, defined $had ? 3 : 1, $number, $wish;
    $mask{$number} = $wanted;
}

sub forget {
    my ($socket) = @_;
    return if !defined fileno $socket;
    watch($socket, 0);
    delete $handler{fileno $socket};
    close $socket;
}

sub loosen { my $socket = shift; fcntl $socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK; return $socket }

sub listening {
    my ($kind, $address, $port) = @_;
    socket(my $socket, PF_INET, $kind, 0) or die "machine: no socket: $!\n";
    setsockopt $socket, SOL_SOCKET, SO_REUSEADDR, 1;
    bind $socket, pack_sockaddr_in($port, inet_aton($address)) or die "machine: $address:$port: $!\n";
    listen $socket, 512 if $kind == SOCK_STREAM;
    return loosen($socket);
}

my $datagrams = listening(SOCK_DGRAM, $own, 53);
$handler{fileno $datagrams} = sub {
    for (1 .. 64) {
        defined(my $from = recv $datagrams, my $query, 1500, 0) or last;
        my $answer = answer_of($query);
        send $datagrams, $answer, 0, $from if defined $answer;
    }
};
watch($datagrams, $IN);

my $questions = listening(SOCK_STREAM, $own, 53);
my $asking = 0;
$handler{fileno $questions} = sub {
    while (accept my $client, $questions) {
        if ($asking >= 64) { close $client; next }
        loosen($client);
        $asking++;
        my $buffer = '';
        $handler{fileno $client} = sub {
            my $count = sysread $client, $buffer, 4096, length $buffer;
            return if !defined $count && ($! == EAGAIN || $! == EINTR);
            while (length $buffer >= 2 && length $buffer >= 2 + unpack 'n', $buffer) {
                my $answer = answer_of(substr $buffer, 2, unpack 'n', $buffer);
                substr $buffer, 0, 2 + unpack('n', $buffer), '';
                syswrite $client, pack('n', length $answer) . $answer if defined $answer;
            }
            if (!$count) { $asking--; forget($client) }
        };
        watch($client, $IN);
    }
};
watch($questions, $IN);

# --- the relay. %$one: program and host are the two sockets, each with what waits to be written to it.
my ($relay, $connections, $opening, $askers) = (listening(SOCK_STREAM, '0.0.0.0', $relay_port), 0, 0, 0);

# sshd lets 128 wait to be taken, one a turn: what comes beyond is tried again by the kernel for a minute, and then lost. These wait for an earlier one's answer.
my @waiting;
$handler{fileno $relay} = sub {
    for (1 .. 64) {
        my $peer = accept my $program, $relay or last;
        my $wanted = getsockopt $program, 0, 80;    # SO_ORIGINAL_DST, in a longer buffer
        $wanted = substr $wanted, 0, 16 if $wanted;
        my ($port, $address) = $wanted ? unpack_sockaddr_in($wanted) : (0, '');
        if (!$wanted || $port == $relay_port || $connections + @waiting >= $most_connections) { reset_of($program); next }
        my $place = unpack('N', $address) - ((198 << 24) + (18 << 16));
        my $name = $place >= 0 && $place < $most && $name_of{$place} || inet_ntoa($address);
        open_one($program, $peer, $name, $port, $wanted);
    }
};
watch($relay, $IN);

sub reset_of { my $socket = shift; setsockopt $socket, SOL_SOCKET, SO_LINGER, pack 'll', 1, 0; forget($socket) }

# The host's services are at this machine's loopback, where no container gets; so they are at its own address, too.
my $services = listening(SOCK_STREAM, $own, $service_port);
$handler{fileno $services} = sub {
    for (1 .. 64) {
        my $peer = accept my $program, $services or last;
        if ($connections >= $most_connections) { reset_of($program); next }
        open_one($program, $peer);
    }
};
watch($services, $IN);

sub to_host {
    my ($at) = @_;
    socket(my $host, PF_INET, SOCK_STREAM, 0) or return;
    loosen($host);
    setsockopt $host, 6, 1, 1;    # TCP_NODELAY
    connect $host, pack_sockaddr_in($at, INADDR_LOOPBACK) or $! == EINPROGRESS or return;
    return $host;
}

# Without a name: to the host's services, which are spoken to at once.
sub open_one {
    my ($program, $peer, $name, $port, $wanted) = @_;
    if (defined $name && $opening >= $most_opening) { push @waiting, [@_]; return }
    my $host = to_host(defined $name ? $door_port : $service_port);
    if (!$host) { reset_of($program); return }
    loosen($program);
    setsockopt $program, 6, 1, 1;
    $connections++;
    $opening++ if defined $name;
    my $one = {
        opening => defined $name ? 1 : 0, program => $program, host => $host, to_host => defined $name ? "to $name $port\n" : '', to_program => '', peer => $peer, wanted => $wanted,
        answer => defined $name ? '' : undef, program_ended => 0, host_ended => 0, told_host => 0, told_program => 0, over => 0, held => 0,
    };
    $handler{fileno $program} = sub { move($one, 'program', 'to_host', $_[0]) };
    $handler{fileno $host} = sub { move($one, 'host', 'to_program', $_[0]) };
    tend($one);
}

# The host has answered, or never will.
sub opened {
    my ($one) = @_;
    return if !delete $one->{opening};
    $opening--;
    open_one(@{shift @waiting}) while @waiting && $opening < $most_opening;
}

# One end can be read, or written to, or has gone.
sub move {
    my ($one, $from, $buffer, $what) = @_;
    if ($what & ($IN | $HUP | $ERR) && !$one->{"${from}_ended"} && length $one->{$buffer} < $most_buffered) {
        my $count = sysread $one->{$from}, $one->{$buffer}, 65_536, length $one->{$buffer};
        if (defined $count) { $one->{"${from}_ended"} = 1 if !$count }
        elsif ($! != EAGAIN && $! != EINTR) { return end($one, 1) }
        read_answer($one) if $from eq 'host' && defined $one->{answer};
    }
    tend($one) if !$one->{over};
}

# The host's first line; what follows is the server's.
sub read_answer {
    my ($one) = @_;
    if ($one->{to_program} !~ s/\A([^\n]*)\n//) {
        end($one, 1) if $one->{host_ended} || length $one->{to_program} > 4096;
        return;
    }
    my $answer = $1;
    undef $one->{answer};
    opened($one);
    return if $answer eq 'yes';
    if ($answer =~ /\Ahere ([0-9]+)\z/) {
        # A program that has its answer may end before it was looked for.
        $one->{held} = 1;
        tell_who($one, $1, sub { $one->{held} = 0; tend($one) if !$one->{over} });
    }
    elsif ($answer =~ /\Ano ([0-9]+) /) {
        # The program is found while its connection stands; only then it hears of it.
        watch($one->{$_}, 0) for 'program', 'host';
        $one->{over} = 1;
        tell_who($one, $1, sub { end($one, 1) });
    }
    else { end($one, 1) }
}

sub write_out {
    my ($one, $to, $buffer) = @_;
    return 1 if !length $one->{$buffer};
    my $count = syswrite $one->{$to}, $one->{$buffer};
    if (defined $count) { substr $one->{$buffer}, 0, $count, ''; return 1 }
    return $! == EAGAIN || $! == EINTR;
}

# Writes what can be written, hands on an end, and says what is to be waited for.
sub tend {
    my ($one) = @_;
    my $answered = !defined $one->{answer} && !$one->{held};
    write_out($one, 'host', 'to_host') or return end($one, 1);
    !$answered or write_out($one, 'program', 'to_program') or return end($one, 1);
    if ($one->{program_ended} && !length $one->{to_host} && !$one->{told_host}) { shutdown $one->{host}, 1; $one->{told_host} = 1 }
    if ($answered && $one->{host_ended} && !length $one->{to_program} && !$one->{told_program}) { shutdown $one->{program}, 1; $one->{told_program} = 1 }
    return end($one, 0) if $one->{told_host} && $one->{told_program};
    watch($one->{program}, (!$one->{program_ended} && length $one->{to_host} < $most_buffered ? $IN : 0) | ($answered && length $one->{to_program} ? $OUT : 0));
    watch($one->{host}, (!$one->{host_ended} && length $one->{to_program} < $most_buffered ? $IN : 0) | (length $one->{to_host} ? $OUT : 0));
}

sub end {
    my ($one, $broken) = @_;
    return if $one->{ended};
    $one->{over} = $one->{ended} = 1;
    $connections--;
    opened($one);
    if ($broken) { reset_of($one->{program}); reset_of($one->{host}) } else { forget($one->{program}); forget($one->{host}) }
}

# --- who asked: for the host's log, by a child, because it takes a look at every process. A program that asks many times at once waits its turn.
my @asked;

sub tell_who {
    my ($one, $id, $then) = @_;
    my ($done, $ends);
    if ($askers >= $most_askers && @asked < $most_asked) { push @asked, [@_]; return }
    if ($askers >= $most_askers || !pipe $done, $ends) { $then->(); return }
    my $child = fork;
    if (!defined $child) { $then->(); return }
    if (!$child) {
        # A process can keep whoever reads of it waiting; the child holds copies of all connections.
        alarm 4;
        my $who = who($one->{peer}, $one->{wanted});
        socket my $host, PF_INET, SOCK_STREAM, 0;
        if (connect $host, pack_sockaddr_in($door_port, INADDR_LOOPBACK)) { syswrite $host, "who $id $who\n" }
        require POSIX;
        POSIX::_exit(0);
    }
    close $ends;
    $askers++;
    $handler{fileno $done} = sub {
        $askers--;
        forget($done);
        $then->();
        tell_who(@{shift @asked}) if @asked;
    };
    watch($done, $IN);
}

sub who {
    my ($peer, $wanted) = @_;
    my ($port, $address) = unpack_sockaddr_in($peer);
    my ($there_port, $there) = unpack_sockaddr_in($wanted);
    my ($here, $to) = map { sprintf '%08X:%04X', unpack('V', $_->[0]), $_->[1] } [$address, $port], [$there, $there_port];
    opendir my $processes, '/proc' or return '0 0 ?';
    my @processes = grep { /\A[0-9]+\z/ } readdir $processes;
    my ($user, $inode) = socket_of('self', $here, $to);
    # A container has a network of its own, and its sockets are listed there.
    my %seen = (readlink '/proc/self/ns/net', 1);
    for my $process (@processes) {
        last if $inode;
        my $network = readlink "/proc/$process/ns/net" // next;
        ($user, $inode) = socket_of($process, $here, $to) if !$seen{$network}++;
    }
    return '0 0 ?' unless $inode;
    # The process that asked is most often a young one.
    for my $process (sort { $b <=> $a } @processes) {
        opendir my $files, "/proc/$process/fd" or next;
        for my $file (readdir $files) {
            next unless (readlink "/proc/$process/fd/$file" // '') eq "socket:[$inode]";
            open my $line, '<', "/proc/$process/cmdline" or return "$process $user ?";
            read $line, my $words, 400;
            $words =~ s/\0\z//;
            $words =~ s/[\0\s]+/ /g;
            return "$process $user $words" . container_of($process);
        }
    }
    return "0 $user ?";
}

sub socket_of {
    my ($process, $here, $to) = @_;
    for my $table ("/proc/$process/net/tcp", "/proc/$process/net/tcp6") {
        open my $sockets, '<', $table or next;
        while (<$sockets>) {
            my @fields = split;
            # A socket of IPv6 to such an address has it behind a mark.
            return @fields[7, 9] if $fields[1] =~ /\Q$here\E\z/ && $fields[2] =~ /\Q$to\E\z/;
        }
    }
    return;
}

# By the name of its control group, as Docker gives it.
sub container_of {
    open my $groups, '<', "/proc/$_[0]/cgroup" or return '';
    while (<$groups>) { return " (container $1)" if m{/docker[-/]([0-9a-f]{12})} }
    return '';
}

while (1) {
    my $events = "\0" x ($event_bytes * 256);
    my $count = syscall $EPOLL_WAIT, $poll, $events, 256, -1, 0, 8;
    if ($count < 0) { next if $! == EINTR; die "machine: epoll: $!\n" }
    for my $at (0 .. $count - 1) {
        my ($what, $number) = unpack $event, substr $events, $at * $event_bytes, $event_bytes;
        # One that an earlier event of this turn closed is gone.
        my $known = $handler{$number};
        $known->($what) if $known && defined $mask{$number};
    }
}

# --- the network: a card that leads nowhere, where all goes that is not this machine's own; and what goes there ends at the relay
sub lay_out {
    for (
        ['ip', 'link', 'add', $card, 'type', 'dummy'], ['ip', 'address', 'replace', "$own/15", 'dev', $card],
        ['ip', 'link', 'set', $card, 'up'], ['ip', 'route', 'replace', 'default', 'dev', $card]) {
        system @$_ if !($_->[2] eq 'add' && -e "/sys/class/net/$card");
    }
    open(my $rules, '|-', 'nft', '-f', '-') or warn "machine: nft: $!\n";
    # UDP is refused by a message, so that a program goes on with TCP at once instead of waiting.
    print $rules <<"END";
table ip machine
delete table ip machine
table ip machine {
    chain output {
        type nat hook output priority -100;
        oifname "$card" ip daddr != $own meta l4proto tcp redirect to :$relay_port
    }
    chain prerouting {
        type nat hook prerouting priority -100;
        iifname != "$card" fib daddr oifname "$card" ip daddr != $own meta l4proto tcp redirect to :$relay_port
    }
    chain refuse_own {
        type filter hook output priority 0;
        oifname "$card" ip daddr != $own meta l4proto != tcp reject with icmp admin-prohibited
    }
    chain refuse_forwarded {
        type filter hook forward priority 0;
        oifname "$card" reject with icmp admin-prohibited
    }
}
END
    close $rules or warn "machine: nft failed\n";
    # A name that two programs look up is looked up twice; nothing keeps answers, so nothing is stale.
    # Where it is a link it leads to another resolver's file.
    unlink '/etc/resolv.conf' if -l '/etc/resolv.conf';
    if (open my $resolver, '>', '/etc/resolv.conf') { print $resolver "nameserver $own\noptions timeout:2\n"; close $resolver }
}
