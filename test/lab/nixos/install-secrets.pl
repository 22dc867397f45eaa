# In place of sops-install-secrets: writes a new generation of the secrets of a manifest, as it does, with values of its own.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use JSON::PP;

my ($file) = @ARGV;
open(my $in, '<', $file) or die "sops-install-secrets: $file: $!\n";
my $manifest = decode_json(do { local $/; <$in> });
my ($mounted, $link) = @$manifest{qw(secretsMountPoint symlinkPath)};

my $key = $manifest->{ageKeyFile};
open(my $age, '<', $key) or die "sops-install-secrets: cannot read keyfile '$key': open $key: no such file or directory\n";
close($age);

make_path($mounted);
if (system('mountpoint', '--quiet', $mounted) != 0) {
    system('mount', '-t', 'ramfs', 'none', $mounted, '-o', 'mode=0751') == 0 or exit 1;
}
my $keys = getgrnam('keys');
chown(0, $keys, $mounted);
chmod(0751, $mounted);
open(my $imported, '>', "$mounted/age-keys.txt") or die "sops-install-secrets: $!\n";
close($imported);
chmod(0600, "$mounted/age-keys.txt");

my $before = readlink($link) // '';
my $number = $before =~ /(\d+)$/ ? $1 + 1 : 1;
my $generation = "$mounted/$number";
remove_tree($generation);
directory($generation);
for my $secret (@{ $manifest->{secrets} }) {
    my $path = "$generation/$secret->{name}";
    my $above = dirname($path);
    my $step = $generation;
    for my $name (split m{/}, substr($above, length $generation)) {
        next if $name eq '';
        $step .= "/$name";
        directory($step) if !-d $step;
    }
    my ($uid, $gid) = ((getpwnam($secret->{owner}))[2], scalar getgrnam($secret->{group}));
    die "sops-install-secrets: failed to lookup user '$secret->{owner}': user: unknown user $secret->{owner}\n" if !defined $uid;
    open(my $to, '>:raw', $path) or die "sops-install-secrets: $path: $!\n";
    print $to $secret->{empty} ? '' : "CANARY-$number-" . join('', map { ('a' .. 'z')[rand 26] } 1 .. ($secret->{size} // 32));
    close($to) or die "sops-install-secrets: $path: $!\n";
    chown($uid, $gid, $path);
    chmod(oct $secret->{mode}, $path);
}
symlink($generation, "$link.new") or die "sops-install-secrets: $!\n";
rename("$link.new", $link) or die "sops-install-secrets: $!\n";
opendir(my $all, $mounted) or die "sops-install-secrets: $!\n";
remove_tree(map { "$mounted/$_" } grep { /^\d+$/ && $_ <= $number - ($manifest->{keepGenerations} || $number) } readdir($all));

sub directory {
    my ($path) = @_;
    mkdir($path) or die "sops-install-secrets: $path: $!\n";
    chown(0, $keys, $path);
    chmod(0751, $path);
}
