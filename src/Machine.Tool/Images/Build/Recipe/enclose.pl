#!/usr/bin/perl
# Runs a script as the root of namespaces, in a file system that holds the programs of this host, read-only, and one folder, without a
# network but for one door. So what packages bring with them finds no file, no process, no port and no variable of this host's.
#   enclose.pl WHO WORK DOOR PORT SHOWN... -- PROGRAM ARGUMENTS...
# WHO: `root` began this as the host's root, and the program gets ids that nobody on this host has; `user` is in a user namespace already.
# DOOR: a Unix socket of the host's, found inside at 127.0.0.1:PORT; or -. SHOWN: further files and folders to read. mmdebstrap, which
# this is for, is Perl too, and needs syscall.ph too.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;
require "syscall.ph"; ## no critic

my ($RDONLY, $NOSUID, $NODEV, $REMOUNT, $BIND, $REC) = (1, 2, 4, 32, 4096, 16384);
my ($NEWNS, $NEWUTS, $NEWIPC, $NEWUSER, $NEWPID, $NEWNET) = (0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000);
# No package, no distribution and no container manager gives these out (systemd's list of ids).
my ($first, $ids) = (1879048192, 65536);

my ($who, $work, $door, $port) = splice @ARGV, 0, 4;
my @shown;
push @shown, shift @ARGV while @ARGV && $ARGV[0] ne '--';
shift @ARGV;
%ENV = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME => '/root', LC_ALL => 'C.UTF-8');
umask 022;

sub fail { die "machine: $_[0]: $!\n" }
sub mounted { my ($what, $where, $type, $flags, $options) = @_; return 0 == syscall(SYS_mount(), "$what", "$where", "$type", $flags, "$options") }
sub folders { my $path = ''; for (split m{/}, $_[0]) { next if $_ eq ''; $path .= "/$_"; mkdir "$work/view$path" } }
sub read_only { # whatever else of the mount is locked must be said again
    for my $more (0, 0x400, 0x200000, 0x800, 0x400 | 0x800, 8, 8 | 0x400, 8 | 0x200000) {
        return 1 if mounted('', $_[0], '', $REMOUNT | $BIND | $RDONLY | $NOSUID | $NODEV | $more, '');
    }
    return 0;
}
sub show {
    my ($path) = @_;
    my $there = "$work/view$path";
    return if -l $there || -e $there;
    if (-d $path) { folders($path) } else { folders($path =~ s{/[^/]*$}{}r); open my $file, '>', $there or fail("making $path") }
    mounted($path, $there, '', $BIND | $REC, '') or fail("showing $path");
    # What is root's can't be written inside in any case; what is the user's must not be.
    read_only($there) or (stat $path)[4] == 0 or fail("making $path read-only");
}

# The folder and what lies in it itself: nothing below, nothing through a link, and before anything is mounted in there.
sub own {
    my ($from, $to) = @_;
    opendir my $folder, $work or fail('reading the folder');
    my @entries = map { "$work/$_" } grep { !/^\.\.?$/ } readdir $folder;
    0 == system 'chown', '-h', "--from=$from:$from", "$to:$to", '--', $work, @entries or fail("giving the folder to $to");
}
own(0, $first) if $who eq 'root';

mkdir "$work/view" or fail('making the view');
mounted('view', "$work/view", 'tmpfs', $NOSUID, 'mode=0755') or fail('mounting the view');
for my $path (qw(/usr /bin /sbin /lib /lib32 /lib64 /libx32)) {
    if (-l $path) { symlink readlink $path, "$work/view$path" or fail("linking $path") } elsif (-d $path) { show($path) }
}
# Of /etc what programs look up, and nothing that is kept there because it is nobody else's.
for my $path (qw(/etc/alternatives /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/passwd /etc/group /etc/nsswitch.conf /etc/mke2fs.conf
    /etc/dpkg /etc/apt/trusted.gpg.d /etc/apt/keyrings /etc/perl /etc/debian_version /etc/os-release /etc/mime.types), @shown) {
    show($path) if -e $path;
}
folders($_) for qw(/proc /sys /tmp /run /dev/pts /dev/shm /var/tmp /var/lib/dpkg /etc/apt/apt.conf.d /etc/apt/preferences.d /old), $work;
chmod 01777, "$work/view/tmp", "$work/view/var/tmp", "$work/view/dev/shm";
for my $node (qw(null zero full random urandom tty)) {
    open my $file, '>', "$work/view/dev/$node" or fail("making /dev/$node");
    mounted("/dev/$node", "$work/view/dev/$node", '', $BIND, '') or fail("showing /dev/$node");
}
mounted('devpts', "$work/view/dev/pts", 'devpts', 0, 'newinstance,ptmxmode=0666,mode=620') or fail('mounting /dev/pts');
symlink 'pts/ptmx', "$work/view/dev/ptmx";
symlink "/proc/self/fd", "$work/view/dev/fd";
symlink "/proc/self/fd/$_->[0]", "$work/view/dev/$_->[1]" for [0, 'stdin'], [1, 'stdout'], [2, 'stderr'];
mounted('proc', "$work/view/proc", 'proc', 0, '') or fail('mounting /proc');
if ($door ne '-') {
    open my $file, '>', "$work/view/run/door" or fail('making the door');
    close $file;
    mounted($door, "$work/view/run/door", '', $BIND, '') or fail('showing the door');
}
mounted($work, "$work/view$work", '', $BIND, '') or fail('showing the work');

my $view = "$work/view";
my $old = "$work/view/old";
chdir $view or fail('entering the view');
0 == syscall(SYS_pivot_root(), $view, $old) or fail('turning the root');
chdir '/' or fail('entering the view');
0 == syscall(SYS_umount2(), my $gone = '/old', 2) or fail('leaving the host\'s file system');
rmdir '/old';

sub begin { # in the innermost namespaces
    0 == syscall(SYS_sethostname(), my $name = 'machine', 7) or fail('taking a name');
    socket(my $control, 2, 2, 0) or fail('opening a socket');
    my $request = pack 'a16 s x14 x8', 'lo', 1;
    ioctl $control, 0x8914, $request or fail('bringing the loopback up');
    serve() if $door ne '-';
    chdir $work or fail('entering the work');
    exec { $ARGV[0] } @ARGV or fail("starting $ARGV[0]");
}

sub serve { # hands connections on to the one server that is to be reached
    my $listening = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1) or fail('opening the door');
    return if fork;
    $SIG{CHLD} = 'IGNORE';
    open STDIN, '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    while (1) {
        my $here = $listening->accept or next;
        next if fork;
        my $there = IO::Socket::UNIX->new(Peer => '/run/door') or exit 1;
        if (!fork) { hand($there, $here) }
        hand($here, $there);
    }
}
sub hand {
    my ($from, $to) = @_;
    while (my $count = sysread $from, my $bytes, 65536) {
        for (my $done = 0; $done < $count;) { my $written = syswrite $to, $bytes, $count - $done, $done; exit 1 if !$written; $done += $written }
    }
    shutdown $to, 1;
    exit 0;
}

begin() if $who eq 'user';

pipe my $ready, my $tell or fail('opening a pipe');
pipe my $go, my $start or fail('opening a pipe');
my $child = fork // fail('starting a process');
if (!$child) {
    close $ready;
    close $start;
    0 == syscall(SYS_unshare(), $NEWUSER | $NEWNS | $NEWUTS | $NEWIPC | $NEWPID | $NEWNET) or fail('making namespaces');
    syswrite $tell, '1';
    sysread $go, my $byte, 1;
    0 == syscall(SYS_setgid(), 0) or fail('becoming root inside');
    0 == syscall(SYS_setuid(), 0) or fail('becoming root inside');
    0 == syscall(SYS_setgroups(), 0, 0) or fail('leaving the host\'s groups');
    my $first_inside = fork // fail('starting a process');
    if (!$first_inside) {
        close $_ for $tell, $go;
        mounted('proc', '/proc', 'proc', 0, '') or fail('mounting /proc inside');
        begin();
    }
    waitpid $first_inside, 0;
    exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
}
close $tell;
sysread $ready, my $byte, 1 or exit 1;
for my $kind ('uid', 'gid') {
    open my $map, '>', "/proc/$child/${kind}_map" or fail("mapping ${kind}s");
    syswrite $map, "0 $first $ids\n" or fail("mapping ${kind}s");
}
syswrite $start, '1';
close $start;
waitpid $child, 0;
my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
own($first, 0);
exit $status;
