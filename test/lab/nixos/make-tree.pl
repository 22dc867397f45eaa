# make-tree.pl FILES OUT: makes the directory OUT of a JSON object, path to text; a text that begins with "-> " is a link. What begins
# with "#!" may be run.
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use JSON::PP;

my ($description, $out) = @ARGV;
open(my $in, '<', $description) or die "$description: $!\n";
my $files = decode_json(do { local $/; <$in> });
make_path($out);
for my $path (sort keys %$files) {
    my $text = $files->{$path};
    my $file = "$out/$path";
    make_path(dirname($file));
    if ($text =~ /^-> (.*)\n?$/) {
        symlink($1, $file) or die "$file: $!\n";
        next;
    }
    open(my $to, '>:raw', $file) or die "$file: $!\n";
    utf8::encode($text);
    print $to $text;
    close($to) or die "$file: $!\n";
    chmod(0755, $file) if $text =~ /^#!/;
}
