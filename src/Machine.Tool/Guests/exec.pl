#!/usr/bin/perl
# Runs one command for a client: as the project's user, in its folder, in a control group of its own, so that it can be
# ended with everything it started. The only argument is the command's token; what is to be run lies in a file of its name,
# which orders.pl writes, and which is read once: NUL-terminated fields (GuestCommand.cs writes them), version, the host's
# time, uid, gid, cwd, number of variables, NAME=VALUE…, program, arguments…

# No module, not even strict, warnings or %! (which is Errno): under emulation loading them takes longer than all the rest.
# Tests run it with both switched on (perl -Mstrict -Mwarnings).

sub put { my ($file, $text) = @_; open(my $out, '>', $file) or return 0; my $ok = syswrite $out, $text; close $out; return $ok }

sub fail { my ($code, $text) = @_; print STDERR "machine: $text\n"; exit $code }

# When sshd goes (the connection is lost), so does this command.
my $sshd = getppid;
syscall -e '/lib64/ld-linux-x86-64.so.2' ? 157 : 167, 1, 15;    # prctl(PR_SET_PDEATHSIG, SIGTERM)
exit 143 if getppid != $sshd;

# The order comes by the supervisor's connection, this program by the client's: either may be here first.
sub order {
    my $file = ($ENV{MACHINE_ORDERS} || '/run/machine/orders') . "/$_[0]";
    my $in;
    for (my $waited = 0; !open $in, '<', $file; $waited += 0.002) {
        fail(125, "the command's order did not arrive inside the machine") if $waited > 20;
        select undef, undef, undef, 0.002;
    }
    unlink $file or fail(125, "the command's order was taken already");
    my $order = '';
    while (sysread $in, $order, 1 << 18, length $order) {}
    return $order;
}

my $token = shift @ARGV // '';
$token =~ /^[0-9a-f]{32}$/ or fail(125, 'which command?');
my ($version, $now, $uid, $gid, $cwd, $count, @rest) = split /\0/, order($token), -1;
pop @rest;    # the field after the last NUL
my %env = map { split /=/, $_, 2 } splice @rest, 0, $count;
my $group = "/sys/fs/cgroup/machine/$token";

my $interrupted = 0;
my $end = sub { put("$group/cgroup.kill", '1'); exit 143 };
$SIG{TERM} = $SIG{HUP} = $end;
$SIG{INT} = $SIG{QUIT} = sub { $interrupted = 1 };

# The host slept, or this machine was suspended: a build compares times. Less than this is the way from there to here.
if (abs($now - time) > 3) { syscall -e '/lib64/ld-linux-x86-64.so.2' ? 227 : 112, 0, pack 'q2', $now, 0 }    # clock_settime(CLOCK_REALTIME)

# Overlayfs remembers names that did not exist; the host may have created them since.
put('/proc/sys/vm/drop_caches', '2');

my $limit = -e '/lib64/ld-linux-x86-64.so.2' ? 302 : 261;
-d '/sys/fs/cgroup/machine' or mkdir '/sys/fs/cgroup/machine';
mkdir $group or fail(125, "cannot create $group: $!");

# clone3(CLONE_INTO_CGROUP): born in the group. To move there, a process waits until every processor of the kernel has taken notice.
my ($child, $member) = (-1, 0);
if (sysopen my $folder, $group, 0200000) {    # O_DIRECTORY
    my $how = pack 'Q11', 0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, fileno $folder;
    $child = syscall 435, $how, length $how;
    $member = $child != -1;
}
$child = fork if !$member;
defined $child or fail(125, "cannot fork: $!");
if ($child == 0) {
    $SIG{$_} = 'DEFAULT' for qw(TERM HUP INT QUIT);
    $member or put("$group/cgroup.procs", $$) or fail(125, "cannot join $group: $!");
    chown $uid, -1, readlink '/proc/self/fd/0' if -t 0 && $uid;
    # sshd may open more (ssh.service), which a program that waits with select() would take for its own.
    my $limits = "\0" x 16;
    if (syscall($limit, 0, 7, 0, $limits) == 0) {    # prlimit64(RLIMIT_NOFILE)
        my ($soft, $hard) = unpack 'Q2', $limits;
        if ($soft > 1024) { $limits = pack 'Q2', 1024, $hard; syscall $limit, 0, 7, $limits, 0 }
    }
    my @groups = ($gid);
    if ($uid && (my $name = getpwuid $uid)) {
        setgrent();
        while (my ($group_name, undef, $id, $members) = getgrent) { push @groups, $id if grep { $_ eq $name } split ' ', $members }
    }
    $) = join ' ', $gid, @groups;
    $( = $gid;
    ($<, $>) = ($uid, $uid);
    ($< == $uid && $> == $uid && $( == $gid) or fail(125, "cannot become user $uid");
    %ENV = %env;
    chdir $cwd or fail(125, "$cwd does not exist inside the machine");
    $ENV{PWD} = $cwd;
    exec {$rest[0]} @rest;
    fail($! == 2 ? 127 : 126, "$rest[0]: $!");
}

my $pid;
do { $pid = waitpid $child, 0 } until $pid == $child || ($pid == -1 && $! != 4);
my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;
put("$group/cgroup.kill", '1') if $interrupted;
# ssh itself uses 255 for its own failures: say that this one is the command's.
if ($code == 255) { mkdir '/run/machine'; put("/run/machine/exit-$token", $code) }
rmdir $group;
exit $code;
