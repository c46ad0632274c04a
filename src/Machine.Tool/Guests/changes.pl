#!/usr/bin/perl
# What the guest changed in its workspace, told to the host: list, same, pack, drop. Runs as root in the guest.
# It serves function, never safety: guest root can replace it, so the host validates all that comes out of it.
#   list SKIP...          records of the upper layer; folders named SKIP are not entered
#   --when-told VERB ...  waits for one byte on its input first: so it is ready when a command ends
#   same   < path NUL ..  which files of the upper layer equal the host's, byte for byte
#   pack   < size NUL path NUL ..   contents in chunks
#   drop   < stamp NUL path NUL ..  removes entries, so that the host's version shows through
# Only what Debian's perl-base and coreutils hold is used. Paths are bytes, relative to the workspace.
# No module, not even strict: under emulation loading them takes longer than a list. Tests run it with them switched on.

my $upper = $ENV{MACHINE_UPPER} || '/machine/workspace/upper';
my $lower = $ENV{MACHINE_LOWER} || '/machine/lower';

# perl has no xattr and no mknod of its own: system calls by number.
my $intel = -e '/lib64/ld-linux-x86-64.so.2';
my $arch = $intel ? { lsetxattr => 189, lgetxattr => 192, lremovexattr => 198 } : { lsetxattr => 6, lgetxattr => 9, lremovexattr => 15 };
my $NOFOLLOW_NONBLOCK = ($intel ? 0400000 : 0100000) | 04000;
my $OPAQUE = "trusted.overlay.opaque";

binmode STDIN;
binmode STDOUT;
chdir $upper or die "changes.pl: $upper: $!\n";
my $verb = shift @ARGV // '';
if ($verb eq '--when-told') {
    $verb = shift @ARGV // '';
    sysread(STDIN, my $told, 1) or exit 0;
}
my %verbs = (list => \&list, same => \&same, pack => \&pack_files, drop => \&drop);
($verbs{$verb} or die "changes.pl: list, same, pack or drop\n")->();
exit 0;

sub is_opaque {
    my ($path) = @_;
    my $value = "\0" x 8;
    my $name = $OPAQUE;
    my $length = syscall($arch->{lgetxattr}, $path, $name, $value, 8);
    return $length >= 1 && substr($value, 0, 1) eq 'y';
}

sub set_opaque {
    my ($path) = @_;
    my ($name, $value) = ($OPAQUE, 'y');
    return syscall($arch->{lsetxattr}, $path, $name, $value, 1, 0) == 0;
}

sub names {
    my ($folder) = @_;
    opendir my $handle, $folder or return ();
    return grep { $_ ne '.' && $_ ne '..' } readdir $handle;
}

# overlayfs marks every folder that the guest makes as opaque (below nothing, a mere optimisation; above a folder of
# the host, "all of it is deleted"). Whiteouts say the same name by name, so from here on there are only those, and
# what the host adds to such a folder later is seen inside. Returns the whiteouts it made.
sub settle {
    my ($folder) = @_;
    my @made;
    if (-d "$lower/$folder" && !-l "$lower/$folder") {
        for my $name (names("$lower/$folder")) {
            my $path = "$folder/$name";
            if (!lstat $path) {
                push @made, $path if system('mknod', '-m', '0', '--', $path, 'c', '0', '0') == 0;
            }
            elsif (-d _ && -d "$lower/$path" && !-l "$lower/$path") {
                set_opaque($path);
            }
        }
    }
    my $xattr = $OPAQUE;
    syscall($arch->{lremovexattr}, $folder, $xattr);
    return @made;
}

sub forget_dentries {
    # A mounted overlay remembers what it looked up; 2 = dentries and inodes, the page cache stays.
    open my $handle, '>', '/proc/sys/vm/drop_caches' or return;
    print $handle "2\n";
    close $handle;
}

# Names this upper layer: it dies with the machine's disk, and the host then knows that its records are void.
sub upper_id {
    my $file = "$upper.id";
    if (open my $handle, '<', $file) {
        my $id = <$handle> // '';
        return $1 if $id =~ /^([0-9a-f]{32})$/;
    }
    open my $random, '<:raw', '/dev/urandom' or die "changes.pl: urandom: $!\n";
    read $random, my $bytes, 16;
    my $id = unpack 'H*', $bytes;
    open my $handle, '>', $file or die "changes.pl: $file: $!\n";
    print $handle $id;
    close $handle or die "changes.pl: $file: $!\n";
    return $id;
}

# find walks and prints, natively: under emulation perl would take many times as long. Only folders and devices
# (few) pass through perl, for what find can't say: opaque marks and device numbers.
sub list {
    my @skip = @ARGV;
    syswrite STDOUT, join('', map { "$_\0" } 'machine-changes-1', upper_id(), time);
    my $format = '%y\0%s\0%m\0%T@\0%C@\0%l\0%P\0';
    # Above $^F a descriptor would be closed before find starts.
    local $^F = 255;
    pipe my $read, my $write or die "changes.pl: pipe: $!\n";
    my $child = fork // die "changes.pl: fork: $!\n";
    if (!$child) {
        close $read;
        my $pipe = '/dev/fd/' . fileno $write;
        exec('find', '.', '-mindepth', '1', '-type', 'd', '(', '-name', 'obj', (map { ('-o', '-name', $_) } @skip), ')', '-prune',
            '-o', '(', '-type', 'd', '-o', '-type', 'c', ')', '-fprintf', $pipe, $format, '-o', '-printf', $format)
            or exit 127;
    }
    close $write;
    local $/ = "\0";
    my @out;
    my @opaque;
    while (defined(my $type = <$read>)) {
        my @record = ($type, map { scalar <$read> } 1 .. 6);
        chomp @record;
        if ($record[0] eq 'c') {
            my @stat = lstat $record[6];
            $record[0] = 'w' if @stat && ($stat[2] & 0170000) == 0020000 && $stat[6] == 0;
        }
        elsif (is_opaque($record[6])) {
            push @opaque, $record[6];
        }
        push @out, join '', map { "$_\0" } @record;
    }
    waitpid $child, 0;
    die "changes.pl: find could not run\n" if $? >> 8 == 127;
    if (@opaque) {
        while (defined(my $folder = shift @opaque)) {
            push @out, map { "w\0000\0000\0000\0000\000\0$_\0" } settle($folder);
            push @opaque, grep { !-l $_ && -d _ && is_opaque($_) } map { "$folder/$_" } names($folder);
        }
        forget_dentries();
    }
    print join('', @out), "end\0";
}

sub input {
    local $/;
    my $all = <STDIN> // '';
    return split /\0/, $all, -1;
}

# Function, not safety: a slip of the host's must not remove a file of the guest's system.
sub inside { return $_[0] ne '' && $_[0] !~ m{^/|(?:^|/)\.\.?(?:/|$)|//|/$} }

sub same {
    for my $path (grep { inside($_) } input()) {
        sysopen my $ours, $path, $NOFOLLOW_NONBLOCK or next;
        sysopen my $hosts, "$lower/$path", $NOFOLLOW_NONBLOCK or next;
        next if !-f $ours || !-f $hosts || -s $ours != -s $hosts;
        my $equal = 1;
        while ($equal) {
            my $count = sysread $ours, my $left, 1 << 18;
            my $other = sysread $hosts, my $right, 1 << 18;
            $equal = defined $count && defined $other && $left eq $right;
            last if !$count;
        }
        print "$path\0" if $equal;
    }
    print "\0";
}

# path NUL, then chunks (4 bytes big endian, data), a chunk of 0, and one byte: k (whole) or c (changed or gone).
sub pack_files {
    my @input = input();
    while (@input >= 2) {
        my ($size, $path) = splice @input, 0, 2;
        put("$path\0");
        my $left = $size;
        my $status = 'c';
        if (inside($path) && sysopen my $handle, $path, $NOFOLLOW_NONBLOCK) {
            if (-f $handle && -s _ == $size) {
                while ($left > 0) {
                    my $count = sysread $handle, my $data, $left < 1 << 18 ? $left : 1 << 18;
                    last if !$count;
                    put(pack('N', $count) . $data);
                    $left -= $count;
                }
                $status = 'k' if $left == 0;
            }
        }
        put(pack('N', 0) . $status);
    }
    put('', 1);
}

# Small files are gathered: a system call each costs most of the time under emulation.
my $gathered;
sub put {
    my ($data, $flush) = @_;
    $gathered = '' if !defined $gathered;
    $gathered .= $data;
    return if length $gathered < 1 << 18 && !$flush;
    my $done = 0;
    while ($done < length $gathered) {
        my $count = syswrite STDOUT, $gathered, (length $gathered) - $done, $done;
        exit 1 if !defined $count;
        $done += $count;
    }
    $gathered = '';
}

sub wipe {
    my ($path) = @_;
    lstat $path or return;
    if (!-d _) {
        unlink $path or die "changes.pl: $path: $!\n";
        return;
    }
    wipe("$path/$_") for names($path);
    rmdir $path or die "changes.pl: $path: $!\n";
}

# A stamp ("size ctime") names the version that the host has taken: a newer one stays.
sub drop {
    my @input = input();
    my %parents;
    while (@input >= 2) {
        my ($stamp, $path) = splice @input, 0, 2;
        next if !inside($path);
        my @stat = lstat $path or next;
        next if $stamp ne '' && $stamp ne "$stat[7] $stat[10]";
        wipe($path);
        $parents{$1} = 1 if $path =~ m{^(.*)/[^/]+$}s;
    }
    # A folder that holds nothing of the guest's any more says nothing either: the host's shows through.
    for my $folder (sort { length $b <=> length $a } keys %parents) {
        while ($folder ne '') {
            # An opaque one still says "deleted": list turns it into whiteouts first.
            last if is_opaque($folder) && -d "$lower/$folder";
            last if !rmdir $folder;
            $folder = $folder =~ m{^(.*)/[^/]+$}s ? $1 : '';
        }
    }
    forget_dentries();
    print "end\0";
}
