#!/usr/bin/perl
# Takes orders from the supervisor for as long as its input is open, and puts each where the exec.pl of its token finds it:
# so a command line, which every user of the host can read, holds nothing but the token. An order is 32 hexadecimal digits
# (the token), 8 more (how many bytes follow) and these bytes. No module: see exec.pl.

my $folder = $ENV{MACHINE_ORDERS} || '/run/machine/orders';
my $most = 4 << 20;

binmode STDIN;
umask 077;
mkdir '/run/machine', 0755 if !$ENV{MACHINE_ORDERS};
mkdir $folder, 0700;
-d $folder && chmod 0700, $folder or die "orders.pl: $folder: $!\n";

sub bytes {
    my ($count) = @_;
    my $read = '';
    while (length $read < $count) {
        my $more = sysread STDIN, $read, $count - length $read, length $read;
        exit 0 if !$more;
    }
    return $read;
}

while (1) {
    my ($token, $length) = bytes(40) =~ /^([0-9a-f]{32})([0-9a-f]{8})$/ or die "orders.pl: no order\n";
    hex $length <= $most or die "orders.pl: an order of " . hex($length) . " bytes\n";
    my $order = bytes(hex $length);
    open my $out, '>', "$folder/$token.part" or die "orders.pl: $folder/$token.part: $!\n";
    my $done = 0;
    while ($done < length $order) {
        my $count = syswrite $out, $order, (length $order) - $done, $done or die "orders.pl: $folder/$token.part: $!\n";
        $done += $count;
    }
    close $out;
    # Whole or not at all.
    rename "$folder/$token.part", "$folder/$token" or die "orders.pl: $folder/$token: $!\n";
}
