# An installation of PostgreSQL of the test's own, in which it may exchange the extension's library, and libraries that say they
# are of another version.
package Installation;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Copy;
use FindBin;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(private_installation install_library library_of_version);

my $checkout = "$FindBin::RealBin/../..";
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';

sub _ask
{
	my ($program, $what) = @_;
	chomp(my $answer = `$program --$what`);
	die "$program --$what failed" if $?;
	return $answer;
}

# A copy of the installation with the extension; its folder, as PostgreSQL::Test::Cluster's install_path wants it.
sub private_installation
{
	my $tree = PostgreSQL::Test::Utils::tempdir('installation');
	my ($bin, $share) = map { _ask($pg_config, $_) } qw(bindir sharedir);
	PostgreSQL::Test::Utils::system_or_bail('bash', '-ec', <<'SH', 'bash', "$checkout/scripts/lib.sh", $tree);
source "$1"
make_private_tree "$2"
SH
	my $install = "$tree$bin" =~ s,/bin$,,r;
	my $own = "$install/bin/pg_config";
	install_library($install);
	foreach my $file (glob "$share/extension/eventlog*")
	{
		copy($file, _ask($own, 'sharedir') . '/extension') or die "$file: $!";
	}
	return $install;
}

# Puts a library, that of today by default, in the place of the installation's. Servers that run have the old one open.
sub install_library
{
	my ($install, $library) = @_;
	$library //= _ask($pg_config, 'pkglibdir') . '/eventlog.so';
	my $place = _ask("$install/bin/pg_config", 'pkglibdir') . '/eventlog.so';
	copy($library, "$place.new") or die "$library: $!";
	rename "$place.new", $place or die "$place: $!";
	return;
}

# A library from these sources that says it is of another version. Only the sources that name their version are compiled again.
sub library_of_version
{
	my ($version) = @_;
	my $build = PostgreSQL::Test::Utils::tempdir('library');
	PostgreSQL::Test::Utils::system_or_bail('cp', '-a', grep({ -e } map({ "$checkout/$_" } qw(src Makefile eventlog.control sql build))), $build);
	mkdir "$build/test";
	copy("$checkout/test/installcheck.mk", "$build/test") or die "installcheck.mk: $!";
	my ($sources) = PostgreSQL::Test::Utils::run_command([ 'grep', '-rl', '--include=*.cpp', 'EVENTLOG_VERSION', "$build/src" ]);
	unlink map { s/\.cpp$/.o/r } split ' ', $sources;
	PostgreSQL::Test::Utils::system_or_bail('make', '-s', '-C', $build, '-o', 'build/compiler', '-o', 'build/server.h.gch', "PG_CONFIG=$pg_config", "EXTVERSION=$version", 'eventlog.so');
	return "$build/eventlog.so";
}

1;
