# The width of partitions changes while sessions log: no call fails, and no gap and no overlap is left.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use PostgreSQL::Test::Utils;
use Test::More;

# Nothing is made ahead, so that the calls themselves must make what they need.
my $node = start_eventlog('width', 'autovacuum = off', 'eventlog.partitions_ahead = 0', q{eventlog.partition_width = '1min'});

my $folder = PostgreSQL::Test::Utils::tempdir('width');
append_to_file("$folder/log.sql", q{SELECT eventlog.log_event('order.paid');});

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Partitions, those that do not begin where the one before ends, and events outside of their partition's times.
sub layout
{
	return sql(q{
		SELECT count(*) > 0, count(*) FILTER (WHERE from_time <> before), count(*) FILTER (WHERE to_time <= from_time)
		FROM (SELECT *, lag(to_time) OVER (PARTITION BY log ORDER BY from_time) AS before FROM eventlog.partitions) p});
}

# Over the end of a partition of a minute, for certain.
my $pgbench = start_pgbench($node, '-f', "$folder/log.sql", '-c', 4, '-j', 2, '-T', 64, '--rate', 200);
wait_until('they log', sub { sql('SELECT count(*) FROM eventlog.events') > 0 });
foreach my $width ('1h', '2min', '1d', '5min', '7d', '1min')
{
	foreach my $ahead (3, 0)
	{
		configure($node, 'eventlog.partition_width' => $width, 'eventlog.partitions_ahead' => $ahead);
		sql('SELECT eventlog.maintain()');
		is(layout(), 't|0|0', "$width and $ahead ahead: partitions adjoin");
	}
	# Later partitions are dropped, so that the next width finds neighbours on one side only, and the calls find none.
	sql(q{DO $$
		DECLARE
			leaf regclass;
		BEGIN
			FOR leaf IN SELECT partition FROM eventlog.partitions WHERE log = 'events' AND state = 'ahead' LOOP
				EXECUTE format('DROP TABLE %s', leaf);
			END LOOP;
		END $$});
	sql(q{SELECT eventlog.log_event('after it')});
}

# The one that is being written to goes, too, but for what it holds: it is detached, and the calls make another in its place.
foreach my $width ('1h', '1min')
{
	configure($node, 'eventlog.partition_width' => $width);
	sql(q{DO $$ BEGIN EXECUTE format('ALTER TABLE eventlog.events DETACH PARTITION %s',
		(SELECT partition FROM eventlog.partitions WHERE log = 'events' AND state = 'current')); END $$});
	sql(q{SELECT eventlog.log_event('in its place')});
	is(layout(), 't|0|0', "the current one is replaced by one of $width");
}
ok($pgbench->finish, 'no call of four writers has failed');
is(layout(), 't|0|0', '... nor left a gap');
my ($calls) = slurp_file("$PostgreSQL::Test::Utils::log_path/pgbench.log") =~ /transactions actually processed: (\d+)/;
is(sql(q{SELECT sum(n) FROM (
		SELECT query_to_xml(format('SELECT count(*) AS n FROM %s WHERE event_name = ''order.paid''', oid::regclass), true, true, '')
		FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relname ~ '^events_p' AND relkind = 'r') x(xml),
		LATERAL (SELECT (xpath('/row/n/text()', xml))[1]::text::bigint AS n) c}), $calls, '... and each is stored');
is_free_of_crashes($node);

$node->stop;
done_testing();
