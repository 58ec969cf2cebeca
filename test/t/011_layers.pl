# The permitted dependencies: the layers of src/pure.mk see no server header, folders see those before them, and the server sees nothing of the
# library but its entry points, of which none that a release has named may go.
use strict;
use warnings FATAL => 'all';

use Config;
use File::Basename;
use File::Spec;
use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = File::Spec->rel2abs("$FindBin::RealBin/../..");
my $probes = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir('layers'));
my $pg_config = $ENV{PG_CONFIG} || 'pg_config';

sub output_of
{
	my ($stdout, $stderr) = run_command(\@_);
	die "@_ printed nothing: $stderr" if $stdout eq '';
	return $stdout;
}

sub make { return output_of('make', '--no-print-directory', '-C', $root, @_) }

# The pure layers cannot include a server header.

my @sources = split ' ', make('-s', '--eval=print-sources: ; @echo $(PURE_SRCS)', 'print-sources');
my %command;
foreach my $line (split /\n/, make('-n', '-B', map { s/\.cpp$/.o/r } @sources))
{
	$command{$1} = $line if $line =~ / -c .*?(\S+\.cpp)$/;
}
is_deeply([ sort keys %command ], [ sort @sources ], 'make compiles each pure source');

foreach my $source (@sources)
{
	my @paths = $command{$source} =~ /\s(-I\s*\S+|-i(?:system|quote|dirafter|nclude)\s*\S+)/g;
	is_deeply(\@paths, ['-Isrc'], "$source is compiled with no include path but src");
}

# Compiles a source with these lines in place of another; what the compiler complains of.
sub complaints
{
	my ($source, $lines) = @_;
	my $object = $source =~ s/\.cpp$/.o/r;
	append_to_file("$probes/probe.cpp", $lines);
	my $command = $command{$source} =~ s/ -o \Q$object $source\E$/ -o '$probes\/probe.o' '$probes\/probe.cpp'/r;
	my ($stdout, $stderr) = run_command([ 'sh', '-c', "cd '$root' && $command || echo failed >&2" ]);
	unlink "$probes/probe.cpp";
	return $stderr;
}

my %one_of = map { dirname($_) => $_ } @sources;
foreach my $folder (sort keys %one_of)
{
	my $source = $one_of{$folder};
	is(complaints($source, "#include <string>\n"), '', "$folder: a source of its own compiles");
	like(complaints($source, "#include \"pg/server.h\"\n"),
		qr/server\.h:.*this layer knows no PostgreSQL header.*^failed$/ms, "$folder: pg/server.h does not compile");
	like(complaints($source, "#include \"postgres.h\"\n"),
		qr/postgres\.h.*(No such file|not found).*^failed$/ms, "$folder: postgres.h is not found");
}

# Data flows one way: a folder of src includes its own headers and those of folders before it, in the order in which the Makefile
# and src/pure.mk name them.

my @order = map { s,^src/?([^/]*).*,$1,r } split ' ', make('-s', '--eval=print-layers: ; @echo $(PURE_DIRS) $(SERVER_DIRS)', 'print-layers');
my %place;
$place{$_} //= scalar keys %place foreach grep { $_ ne '' && $_ ne 'forward' } @order;
$place{forward} = $place{autonomous} + 0.5;
my @folders = sort keys %{ { map { m,/src/([^/]+)/[^/]+$, => 1 } glob "$root/src/*/*.h" } };
is_deeply([ sort keys %place ], [ sort @folders ], 'the Makefile names each folder of src');
my @against_the_flow;
foreach my $source (map { glob "$root/src/$_/{*,*/*}.{h,cpp}" } @folders)
{
	my ($folder) = $source =~ m,.*/src/([^/]+)/,;
	foreach my $included (slurp_file($source) =~ m,^#include "([a-z_]+)/,mg)
	{
		next if !defined $place{$included} || $place{$included} <= $place{$folder};
		push @against_the_flow, ($source =~ s,^\Q$root/\E,,r) . " includes $included";
	}
}
is(join("\n", @against_the_flow), '', 'no folder includes one behind it');

# The C functions that a released script names stay, since the library serves the objects that it made.

my %exported = map { $_ => 1 } map { (split)[-1] } split /\n/,
  output_of('nm', '-D', '--defined-only', output_of($pg_config, '--pkglibdir') =~ s/\n//r . '/eventlog.so');
my @scripts = glob "$root/sql/eventlog--*.sql";
cmp_ok(scalar @scripts, '>=', 3, 'there are released scripts');
foreach my $script (@scripts)
{
	my %named = map { $_ => 1 } slurp_file($script) =~ /AS 'MODULE_PATHNAME', '(\w+)'/g;
	is_deeply([ grep { !$exported{$_} } sort keys %named ], [], basename($script) . ': each C function is there');
}

# The library exports its entry points only, and runs no code when it is loaded but _PG_init.

chomp(my $library = output_of($pg_config, '--pkglibdir'));
$library .= '/eventlog.so';
my @exports = map { (split)[-1] } split /\n/, output_of('nm', '-D', '--defined-only', $library);
is_deeply([ grep { !/^(Pg_magic_func|_PG_init|eventlog_\w+|pg_finfo_eventlog_\w+)$/ } @exports ],
	[], 'no symbol is exported but the entry points');

# The installed library is stripped; the one that it was made of is not.
is_deeply([ output_of('nm', "$root/eventlog.so") =~ /\b(_GLOBAL__\S+)$/mg ],
	[], 'no source has a global constructor or destructor');
my ($bytes) = output_of('readelf', '-SW', $library) =~ /\.init_array\s+INIT_ARRAY\s+\S+\s+\S+\s+(\S+)/;
is(hex $bytes, $Config{ptrsize}, 'no initialiser runs but the compiler\'s own');

done_testing();
