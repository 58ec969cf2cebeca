# Pages where nothing can be written: on a standby, and in a copy of a log that has not been adopted.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant EVENTS => 1000;

my $node = start_eventlog('primary', 'wal_level = replica', 'max_wal_senders = 4');
$node->safe_psql('postgres', 'SELECT eventlog.maintain()');
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres',
	"SELECT count(eventlog.log_event('n ' || i % 3, actor_id => 'a' || i % 7, source => 's' || i % 2)) FROM generate_series(1, "
	  . EVENTS
	  . ') i');
$node->wait_for_catchup($standby, 'replay');

# The ids of all pages of these filters, and how many pages there are.
sub pages_of
{
	my ($server, $database, $filters, $settings) = @_;
	my ($cursor, $pages, @ids) = (undef, 0);
	do
	{
		my $arguments = join ', ', $filters || (), defined $cursor ? "cursor => '$cursor'" : ();
		my $page = decode_json($server->safe_psql($database, "$settings; SELECT eventlog.list_events($arguments)"))->{data};
		push @ids, map { $_->{eventId} } @{ $page->{events} };
		$cursor = $page->{nextCursor};
		$pages++;
	} while (defined $cursor);
	return { ids => \@ids, pages => $pages };
}

# The expected result is asked of the primary, once.
foreach my $case (
	[ '', 'true', 'SET default_transaction_read_only = on', 20 ],
	[ q{event_name => 'n 1'}, q{event_name = 'n 1'}, 'SET jit = on', 7 ],
	[ q{actor_id => 'a3', source => 's1'}, q{actor_id = 'a3' AND source = 's1'}, 'SET eventlog.page_scan_rows = 20', 8 ])
{
	my ($filters, $condition, $settings, $pages) = @$case;
	my @wanted = split /\n/,
	  $node->safe_psql('postgres', "SELECT event_id FROM eventlog.events WHERE $condition ORDER BY event_id DESC");
	my $read = pages_of($standby, 'postgres', $filters, $settings);
	is("@{ $read->{ids} }", "@wanted", "on a standby, all pages of ($filters) are the log");
	is($read->{pages}, $pages, '... and not more of them than it takes');
}
is($standby->safe_psql('postgres', 'SELECT eventlog.list_events(max_rows => 100)'),
	$node->safe_psql('postgres', 'SELECT eventlog.list_events(max_rows => 100)'),
	'a page of the standby is the primary\'s, byte by byte');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM eventlog.find_events(max_rows => 100)'), 100, 'find_events as well');

$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE postgres');
is(scalar @{ pages_of($node, 'copy', '', 'SET default_transaction_read_only = on')->{ids} }, EVENTS, 'a copy that is not adopted can be read');
is($node->safe_psql('copy', 'SELECT count(*) FROM eventlog.cluster, pg_database d WHERE d.oid = database AND datname = current_database()'),
	0, '... and is not adopted by that');

is_free_of_crashes($node);
is_free_of_crashes($standby);
$standby->stop;
$node->stop;
done_testing();
