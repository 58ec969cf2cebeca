# An upgrade in three steps stops nothing: install the library, restart, ALTER EXTENSION UPDATE, each at leisure and under a load
# of every kind of log call. No call fails but those that the restart cuts, nothing is lost, and the catalog is a fresh one's.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventWriters;
use EventlogDatabases;
use EventlogTest;
use ExtensionCatalog;
use Installation;
use LogCopies;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	LAST => '0.2.0',
	EACH => 300 # events that arrive between two steps, at least
};

# Every entrance of the last release, with and without an idempotency key.
my $number = '\set n random(1, 2000000000)';
my $source = q{source => 'writers'};
my $envelope = q{{"eventName": "kept", "source": "writers", "forwardToStatsig": true}};
my @calls = (
	[ 4, "SELECT eventlog.log_event('kept', $source, forward_to_statsig => true);" ],
	[ 2, $number, "SELECT eventlog.log_event('kept', $source, idempotency_key => ':n');" ],
	[ 2, "SELECT eventlog.log_envelope('$envelope');" ],
	[ 1, "SELECT count(*) FROM eventlog.log_events('[$envelope, $envelope]');" ],
	[ 1, "SELECT count(*) FROM eventlog.log_events_json('[$envelope, $envelope]');" ],
	[ 1, "SELECT count(*) FROM eventlog.try_log_events('[$envelope, {}]');" ],
	[ 1, "SELECT eventlog.log_event_autonomous('kept', $source);" ],
	[ 1, 'BEGIN;', "SELECT eventlog.log_event('undone', $source);", 'ROLLBACK;' ]);

my $receiver = EventReceiver->start;
my $installation = private_installation();
install_library($installation, library_of_version(LAST));
my $node = PostgreSQL::Test::Cluster->new('upgraded', install_path => $installation);
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', join "\n", q{shared_preload_libraries = 'eventlog'}, q{log_line_prefix = '%m [%p] %b '},
	q{log_statement = none}, q{eventlog.databases = 'postgres'});
$node->start;

my $versions = 'SELECT library, catalog FROM eventlog.version()';
my $receives = $receiver->url('/v1/log_event');
$node->safe_psql('postgres', 'CREATE EXTENSION eventlog VERSION ' . "'" . LAST . "'");
$node->safe_psql('postgres', <<"SQL");
CREATE SERVER target FOREIGN DATA WRAPPER eventlog OPTIONS (url '$receives', format 'statsig', events 'all');
SELECT eventlog.create_consumer('reader', 'beginning');
SELECT eventlog.set_retention('eventlog.events', '1000 years');
SQL
is($node->safe_psql('postgres', $versions), join('|', (LAST) x 2), 'the last release is installed');

my $writers = EventWriters->new($node, rate => 60, transactions => \@calls);
my %read;

# Reads on by one piece.
sub read_piece
{
	my @piece = poll_events($node, 'postgres', 'reader', 300) or return;
	die 'what was polled cannot be acknowledged' if ack_events($node, 'postgres', 'reader', $piece[-1]) ne 't';
	$read{$_}++ foreach @piece;
	return;
}

# Has the writers write until so many more events have arrived, and the consumer read meanwhile.
sub go_on
{
	my ($what) = @_;
	my $before = $receiver->stats->{distinct_ids};
	wait_until("$what: events arrive", sub {
		$writers->keep_writing;
		read_piece();
		return $receiver->stats->{distinct_ids} >= $before + EACH;
	});
	pass("$what: events are logged, sent and read");
	return;
}

# Whether the sessions that began to write are writing still: pgbench ends a session whose statement has failed.
sub none_has_failed
{
	my ($what) = @_;
	is($writers->failures, '', "$what: no call has failed");
	return;
}

go_on('with the library of the last release');
install_library($installation);
go_on('the new library is installed');
none_has_failed('the new library is installed');

$node->restart;
$writers->forget_failures;
go_on('the server has been started again');
my ($library) = $node->safe_psql('postgres', $versions) =~ /^(.*)\|/;
isnt($library, LAST, 'the library is the new one');
is($node->safe_psql('postgres', $versions), "$library|" . LAST, '... and the objects are those of the last release');
$node->safe_psql('postgres', 'SELECT eventlog.maintain()');
like($node->safe_psql('postgres', q{SELECT eventlog.list_events(event_name => 'kept')}), qr/"nextCursor": "/, '... which has its pages');
is($node->safe_psql('postgres', 'SELECT state FROM eventlog.forward_status'), 'running', '... and its target');
none_has_failed('the objects are older than the library');

# An update that takes its time: a call of every entrance begins before it, waits for it, and succeeds.
my $updater = $node->background_psql('postgres', on_error_stop => 1);
$updater->query_safe('BEGIN; ALTER EXTENSION eventlog UPDATE');
my @waiting;
foreach my $call (grep { @$_ == 2 } @calls)
{
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_until(qr/begun/, "SET application_name = 'waits for the update';\n\\echo begun\n$call->[1]\n");
	push @waiting, $session;
}
wait_for_value($node, 'postgres', <<'SQL', scalar @waiting);
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'waits for the update' AND wait_event_type IN ('Lock', 'Extension') AND query_start < clock_timestamp() - interval '2 s'
SQL
$updater->query_safe('COMMIT');
$updater->quit;
foreach my $number (0 .. $#waiting)
{
	is(eval { $waiting[$number]->query_safe('SELECT 1') =~ /1$/ }, 1, "a call that has waited for the update succeeds: $number") or diag($waiting[$number]->{stderr});
	$waiting[$number]->quit;
}
is($node->safe_psql('postgres', $versions), "$library|$library", 'the objects are updated under load');
go_on('the objects have been updated');
none_has_failed('the objects have been updated');

$writers->stop;
wait_for_value($node, 'postgres', 'SELECT sum(lag_events) FROM eventlog.forward_status', 0);
$read{$_}++ foreach read_on($node, 'postgres', 'reader');
my $delivery = delivery_of($node, map { @{ $_->{ids} } } grep { $_->{accepted} } $receiver->requests);
cmp_ok($delivery->{committed}, '>=', 4 * EACH, 'events have been logged');
is_deeply($delivery->{missing}, [], '... and each has been sent');
is_deeply($delivery->{unknown}, [], '... and none that was not committed');
my @logged = ids_of($node, 'postgres', 'true');
is_deeply([ sort keys %read ], [ sort @logged ], '... and the consumer has read each');
is(scalar(grep { $_ > 1 } values %read), 0, '... once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM eventlog.events WHERE event_name = 'undone'}), 0, 'none that rolled back');

$node->safe_psql('postgres', 'CREATE DATABASE fresh TEMPLATE template0');
$node->safe_psql('fresh', q{CREATE EXTENSION eventlog; SELECT eventlog.log_event('first')});
my @differences = grep { !/partition|events_p|idempotency_keys_p/ }
  catalog_differences(catalog_of($node, 'postgres'), catalog_of($node, 'fresh'));
is(join("\n", @differences), '', 'the catalog is a fresh installation\'s');
is_free_of_crashes($node);
done_testing();
