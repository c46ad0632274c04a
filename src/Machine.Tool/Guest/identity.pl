#!/usr/bin/perl
# Gives this machine its identity, as handed in from outside: the ssh host key, the key that may log in, host name,
# machine id, a seed for the random numbers; and to one that wakes up, its first work.
#   identity        at boot, before sshd
#   identity wait   in a machine that is about to be frozen: returns at once, and acts when it wakes up as another one
# No module, not even strict: it is the first program of every machine, and loading one takes longer than all of this.

# QEMU's: each item is NAME/raw here. Any way of delivery that puts the files into the other folder will do.
my $firmware = '/sys/firmware/qemu_fw_cfg/by_name/opt/machine';
my $given = '/run/machine/identity';

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
    if (!defined $key || !put('/etc/ssh/ssh_host_ed25519_key', $key, 0600)) {
        print STDERR "machine: no identity was handed in, so sshd does not start\n";
        exit 1;
    }
    if (defined(my $keys = item('authorized_keys'))) {
        mkdir '/root/.ssh', 0700;
        put('/root/.ssh/authorized_keys', $keys, 0600);
    }
    if (defined(my $seed = item('random-seed'))) { say_to('/dev/urandom', $seed) }
    if (defined(my $id = item('machine-id'))) { put('/etc/machine-id', $id, 0444) }
    if (defined(my $name = item('hostname'))) {
        chomp $name;
        put('/etc/hostname', "$name\n", 0644);
        say_to('/proc/sys/kernel/hostname', $name);
        put('/etc/hosts', "127.0.0.1 localhost\n127.0.1.1 $name\n::1 localhost ip6-localhost ip6-loopback\n", 0644);
    }
}

if (!-d $given && !-d $firmware) { system 'modprobe', 'qemu_fw_cfg' }
if (!@ARGV) { take(); exit 0 }

my $mine = item('hostname');
defined $mine or exit 1;
my $child = fork;
defined $child or exit 1;
exit 0 if $child;
# In a session of its own, with no stream that would keep a connection open.
syscall -e '/lib64/ld-linux-x86-64.so.2' ? 112 : 157;
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
