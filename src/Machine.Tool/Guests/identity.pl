#!/usr/bin/perl
# Gives this machine its identity, as handed in from outside: the ssh host key, the key that may log in, host name,
# machine id, a seed for the random numbers; and to one that wakes up, its first work.
#   identity        at boot, before sshd
#   identity wait   in a machine that is about to be frozen: returns at once, and acts when it wakes up as another one
# No module, not even strict: it is the first program of every machine, and loading one takes longer than all of this.

# QEMU's: each item is NAME/raw here. Any way of delivery that puts the files into the other folder will do.
my $firmware = '/sys/firmware/qemu_fw_cfg/by_name/opt/machine';
my $given = '/run/machine/identity';
my $host_key = '/etc/ssh/ssh_host_ed25519_key';
my $intel = -e '/lib64/ld-linux-x86-64.so.2';

# Where a new sshd waits for its host key; see waiting_sshd.
my $sshd;

sub item {
    my $name = shift;
    for my $file ("$given/$name", "$firmware/$name/raw") {
        open(my $in, '<', $file) or next;
        local $/;
        my $text = <$in>;
        # All items come filled up to one size: a machine that wakes up elsewhere remembers how long each was.
        $text =~ s/\n+\z/\n/;
        return $text;
    }
    return undef;
}

sub put {
    my ($file, $text, $mode) = @_;
    open(my $out, '>', "$file.new") or return 0;
    chmod $mode, "$file.new";
    print $out $text;
    close $out or return 0;
    return rename "$file.new", $file;
}

sub say_to { my ($file, $text) = @_; open(my $out, '>', $file) or return; syswrite $out, $text; close $out }

sub take {
    my $key = item('ssh_host_ed25519_key');
    if (!defined $key || !put($host_key, $key, 0600)) {
        print STDERR "machine: no identity was handed in, so sshd does not start\n";
        exit 1;
    }
    if (defined(my $seed = item('random-seed'))) { say_to('/dev/urandom', $seed) }
    if (defined(my $keys = item('authorized_keys'))) {
        mkdir '/root/.ssh', 0700;
        put('/root/.ssh/authorized_keys', $keys, 0600);
    }
    # An sshd that died while it waited must not take this process with it: systemd starts another one, which reads the file.
    if ($sshd) { local $SIG{PIPE} = 'IGNORE'; syswrite $sshd, $key; close $sshd }
    if (defined(my $id = item('machine-id'))) { put('/etc/machine-id', $id, 0444) }
    if (defined(my $name = item('hostname'))) {
        chomp $name;
        put('/etc/hostname', "$name\n", 0644);
        say_to('/proc/sys/kernel/hostname', $name);
        put('/etc/hosts', "127.0.0.1 localhost\n127.0.1.1 $name\n::1 localhost ip6-localhost ip6-loopback\n", 0644);
    }
}

# Starting sshd is the longest part of connecting to a machine that has just woken up: linking and a crypto library's beginning, in
# code that an emulator sees for the first time. So a new sshd does all that before the freeze, and then reads its host key from a
# pipe: when the machine wakes up, the key comes. Connections that stand are other processes and stay.
sub waiting_sshd {
    unlink "$host_key.new";
    my ($here, $pipe) = (-100, "$host_key.new");    # AT_FDCWD
    syscall($intel ? 259 : 33, $here, $pipe, 0010600, 0) == 0 && rename $pipe, $host_key or return 0;
    system('systemctl', 'restart', 'ssh.service') == 0 or return 0;
    for my $try (1 .. 600) {
        # Only where somebody reads (O_WRONLY | O_NONBLOCK).
        return 1 if sysopen $sshd, $host_key, 04001;
        select undef, undef, undef, 0.1;
    }
    return 0;
}

if (!-d $given && !-d $firmware) { system 'modprobe', 'qemu_fw_cfg' }
if (!@ARGV) { take(); exit 0 }

my $mine = item('hostname');
defined $mine or exit 1;
if (!waiting_sshd()) {
    print STDERR "machine: sshd did not begin to wait for the next identity\n";
    exit 1;
}
my $child = fork;
defined $child or exit 1;
exit 0 if $child;
# In a session of its own, with no stream that would keep a connection open.
syscall $intel ? 112 : 157;
open(STDIN, '<', '/dev/null');
open(STDOUT, '>', '/dev/null');
open(STDERR, '>', '/dev/null');
while (1) {
    my $now = item('hostname');
    if (defined $now && $now ne $mine) {
        take();
        # Its own setup (setup.pl), begun while the host is still connecting, which then finds it done.
        my $work = item('work');
        eval $work if defined $work;
        exit 0;
    }
    select undef, undef, undef, 0.02;
}
