# Turns a booted (or thawed) machine into this project's machine. GuestSetup.cs writes %machine before this text and bring_lower
# (Lower/SharedLower.cs) after it. Safe to run again: a thawed machine begins by itself (identity.pl), and the host's connection
# makes sure. One process and no module: under emulation every program that is started costs a tenth of a second.
mkdir '/run/machine';
open(my $turn, '>>', '/run/machine/setup.lock');
flock $turn, 2;    # LOCK_EX, until this program ends
syswrite $turn, "$0\n";
my $intel = -e '/lib64/ld-linux-x86-64.so.2';

sub fail { print STDERR "$_[0]\n"; exit 1 }

sub text { my $file = shift; open(my $in, '<', $file) or return ''; local $/; my $text = <$in>; return defined $text ? $text : '' }

sub mounted {
    my $path = shift;
    $path =~ s/([ \t\n\\])/sprintf '\\%03o', ord $1/ge;
    return text('/proc/self/mounts') =~ /^\S+ \Q$path\E /m;
}

# What was plugged in a moment ago may still be on its way.
sub mount_soon {
    my ($source, $target, $type, $flags, $data) = @_;
    for my $try (1 .. 250) {
        my $number = $intel ? 165 : 40;
        return 1 if syscall($number, $source, $target, $type, $flags, $data) == 0;
        last unless $! == 2;    # ENOENT
        select undef, undef, undef, 0.02;
    }
    return 0;
}

# Whoever was stopping this machine may have died half-way (freeze.sh).
sub unfreeze {
    open(my $volume, '<', $_[0]) or return;
    ioctl $volume, 0xC0045878, my $nothing = 0;    # FITHAW
}

sub make_folder {
    my $path = '';
    for my $name (split m{/}, substr $_[0], 1) { $path .= "/$name"; mkdir $path }
}

sub white_out {
    my $path = shift;
    syscall $intel ? 259 : 33, -100, $path, 0020000, 0;    # mknodat(AT_FDCWD, …, S_IFCHR, 0)
}

my ($READ_ONLY, $NO_ACCESS_TIMES) = (1, 1024);

syscall $intel ? 227 : 112, 0, pack 'q2', $machine{now}, 0;    # clock_settime(CLOCK_REALTIME)

# What starts with an environment of its own (sudo, cron) is inside too.
my $environment = text('/etc/environment');
my @missing = grep { $environment !~ /^\Q$_\E$/m } @{$machine{inside}};
if (@missing && open(my $out, '>>', '/etc/environment')) { print $out "$_\n" for @missing; close $out }

# --- volumes. A fresh one is formatted; one that was ever used is only mounted.
for my $volume (@{$machine{volumes}}) {
    my ($serial, $fresh, $path) = @$volume;
    if (mounted($path)) { unfreeze($path); next }
    my $device;
    for my $try (1 .. 250) {
        opendir(my $blocks, '/sys/block');
        my ($name) = grep { /^vd/ && text("/sys/block/$_/serial") =~ /^\Q$serial\E\n?$/ } readdir $blocks;
        if ($name && -b "/dev/$name") { $device = "/dev/$name"; last }
        select undef, undef, undef, 0.02;
    }
    $device or fail("volume $serial: its disk is not attached");
    make_folder($path);
    if ($fresh && system('blkid', '-o', 'device', $device) != 0) {
        system('mkfs.ext4', '-q', '-m', '0', '-L', substr($serial, 0, 16), '-E', 'nodiscard,lazy_itable_init=1,lazy_journal_init=1', $device) == 0
            or fail("volume $serial: cannot be formatted");
    }
    mount_soon($device, $path, 'ext4', $NO_ACCESS_TIMES, 'discard')
        or fail("volume $serial: cannot be mounted ($!); check it with: dotnet machine volume export");
    chown $machine{user}, $machine{group}, $path if $fresh;
    rmdir "$path/lost+found";
}
for my $path ('/machine/packages', map { "/machine/packages/$_" } qw(nuget npm pip uv)) {
    chown $machine{user}, $machine{group}, $path if mkdir $path, 0755;
}

# --- the workspace: the host's tree below, what the guest writes above
my $p9 = 'trans=virtio,version=9p2000.L,msize=1048576,cache=mmap';
my ($project, $upper, $lower) = ($machine{project}, '/machine/workspace/upper', bring_lower());
if (!mounted($project)) {
    mkdir $upper;
    mkdir '/machine/workspace/work';
    make_folder($project);
    # The upper root lends its owner and mode to the mount point.
    my @host = stat $lower;
    chown $host[4], $host[5], $upper;
    chmod $host[2] & 07777, $upper;
    enclose();
    mount_soon('overlay', $project, 'overlay', 0, "lowerdir=$lower,upperdir=$upper,workdir=/machine/workspace/work,index=off,metacopy=off,redirect_dir=off,xino=off")
        or fail("the workspace cannot be mounted: $!");
}

for my $share (@{$machine{shares}}) {
    my ($tag, $write, $path) = @$share;
    next if mounted($path);
    make_folder($path);
    mount_soon($tag, $path, '9p', $write ? 0 : $READ_ONLY, $p9) or fail("the share $path cannot be mounted: $!");
}

# global.json sends dotnet to .machine: on the host to the shim, here to the real SDK (or, without one, to nothing). The names
# of the host's .machine stay hidden: each is replaced, or whited out.
sub enclose {
    my $here = "$upper/.machine";
    if (opendir(my $old, $here)) { unlink "$here/$_" for grep { !/^\.\.?$/ } readdir $old }
    else { unlink $here }
    mkdir $here;
    if (opendir(my $sdk, $machine{dotnet})) { symlink "$machine{dotnet}/$_", "$here/$_" for grep { !/^\./ } readdir $sdk }
    if (open(my $out, '>', "$here/.gitignore")) { print $out "*\n"; close $out }
    opendir(my $host, "$lower/.machine") or return;
    for my $name (grep { !/^\.\.?$/ } readdir $host) { lstat "$here/$name" or white_out("$here/$name") }
}
