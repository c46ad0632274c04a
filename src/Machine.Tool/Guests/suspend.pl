#!/usr/bin/perl
# suspend.pl PROJECT SHARE-PATH…: lets go of the host's folders, so that the machine can be frozen. Where a process is still at
# work in one of them, it says who and exits 1; what was unmounted until then is mounted again by setup.pl.
# No module: see exec.pl.
my $umount = -e '/lib64/ld-linux-x86-64.so.2' ? 166 : 39;
my ($project, @shares) = @ARGV;

sub mounted {
    my $path = shift;
    $path =~ s/([ \t\n\\])/sprintf '\\%03o', ord $1/ge;
    open(my $in, '<', '/proc/self/mounts') or return 0;
    return scalar grep { /^\S+ \Q$path\E / } <$in>;
}

sub busy {
    my $path = shift;
    opendir(my $processes, '/proc') or return "something uses $path";
    for my $id (grep { /^\d+$/ } readdir $processes) {
        my @links = map { "/proc/$id/$_" } 'cwd', 'root';
        if (opendir(my $open, "/proc/$id/fd")) { push @links, map { "/proc/$id/fd/$_" } grep { /^\d+$/ } readdir $open }
        for my $link (@links) {
            my $target = readlink $link;
            next unless defined $target && $target =~ m{^\Q$path\E(/|$)};
            open(my $in, '<', "/proc/$id/comm");
            my $name = $in ? <$in> : '?';
            chomp $name;
            return "$name (process $id) works in $path";
        }
    }
    return "something uses $path";
}

# A container that was given a host's folder has it mounted by itself: unmounting it here does not take it from there, and the disk behind
# it could not be unplugged. What is only seen there by propagation (services of systemd) goes with the mount here.
sub kept_elsewhere {
    my $path = shift;
    (my $written = $path) =~ s/([ \t\n\\])/sprintf '\\%03o', ord $1/ge;
    open(my $own, '<', '/proc/self/mountinfo') or return;
    my ($device) = map { /^\S+ \S+ (\S+) \S+ \Q$written\E / ? $1 : () } <$own>;
    opendir(my $processes, '/proc') or return;
    my %seen = (readlink '/proc/self/ns/mnt', 1);
    for my $id (grep { /^\d+$/ } readdir $processes) {
        my $space = readlink "/proc/$id/ns/mnt";
        next if !defined $space || $seen{$space}++;
        open(my $mounts, '<', "/proc/$id/mountinfo") or next;
        # Between the options and the dash stands where a mount takes part in another's.
        next unless grep { /^\S+ \S+ \Q$device\E \S+ \S+ \S+ (.*?)- / && $1 !~ /master:|shared:/ } <$mounts>;
        open(my $in, '<', "/proc/$id/comm");
        my $name = $in ? <$in> : '?';
        chomp $name;
        return "$name (process $id), in a container, has $path";
    }
    return;
}

# The shares of a project may lie within it, and the host's tree is below the workspace.
for my $path (@shares, $project, '/machine/lower') {
    my $copy = $path;
    my $flags = 0;
    next if !mounted($path);
    if (my $kept = kept_elsewhere($path)) { print STDERR "$kept\n"; exit 1 }
    next if syscall($umount, $copy, $flags) == 0;
    print STDERR busy($path), "\n";
    exit 1;
}
# What was only read need not be written to the host's disk and read back.
if (open(my $out, '>', '/proc/sys/vm/drop_caches')) { syswrite $out, '1' }
exit 0;
