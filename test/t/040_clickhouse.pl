# NDJSON into a real ClickHouse, which dies twice meanwhile: its table, which keeps one row of each id, is the log.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use ClickHouse;
use DocumentedPage;
use EventlogTest;
use EventlogDatabases;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant {
	EVENTS => 100_000,
	CHUNK => 10_000,
	DEATHS => 2
};

plan skip_all => 'needs clickhouse-server' if !defined ClickHouse::program();

my $clickhouse = ClickHouse->start;
my $node = start_eventlog('clickhouse', 'eventlog.max_retry_interval = 500ms', 'eventlog.poll_interval = 200ms');
note('ClickHouse ' . $clickhouse->query('SELECT version()'));

sub count_in { return $clickhouse->query("SELECT count() FROM $_[0]") }

# ---- 100,000 events --------------------------------------------------------------------------------------------------

# The table of docs/formats.md for the newest version that this one is not older than.
sub version_of { return join '', map { sprintf '%05d', $_ } (split /\./, $_[0])[ 0, 1 ] }
my $version = version_of($clickhouse->query('SELECT version()'));
my %tables = map { version_of($_->{words} =~ s/^clickhouse //r) => $_->{text} }
  DocumentedPage->read('docs/formats.md')->blocks('sql', 'clickhouse');
my ($newest) = grep { $_ le $version } reverse sort keys %tables;
$clickhouse->query($tables{$newest});
my $events_url = $clickhouse->url('INSERT INTO events FORMAT JSONEachRow');
$node->safe_psql('postgres', target_ddl('clickhouse', $events_url, mode => 'text', batch_events => 500)
	  . q{; SELECT eventlog.pause_target('clickhouse')});
foreach my $chunk (1 .. EVENTS / CHUNK)
{
	$node->safe_psql('postgres', <<"SQL");
SELECT count(eventlog.log_event('order.paid', jsonb_build_object('n', n), actor_type => 'user', actor_id => 'user-' || n,
                                value => n / 8.0, source => 'shop'))
FROM generate_series(@{[ ($chunk - 1) * CHUNK ]}, @{[ $chunk * CHUNK - 1 ]}) AS n
SQL
}
my $started = time;
$node->safe_psql('postgres', q{SELECT eventlog.resume_target('clickhouse')});
foreach my $death (1 .. DEATHS)
{
	wait_until('events flow', sub { count_in('events') >= $death * EVENTS / (2 * DEATHS + 1) });
	$clickhouse->kill9;
	cmp_ok(forward_status($node, 'clickhouse')->{lag_events}, '>', 1000, "death $death of ClickHouse comes while events flow");
	log_events($node, 'order.cancelled');
	wait_for_state($node, 'clickhouse', 'waiting');
	$clickhouse->run;
}
my $logged = EVENTS + DEATHS;
is($node->safe_psql('postgres', 'SELECT count(*) FROM eventlog.events'), $logged, 'all events are in the log');
wait_until('all are settled', sub { forward_status($node, 'clickhouse')->{lag_events} == 0 });
diag(sprintf '%d events in %.1f s, with %d deaths of the endpoint; %d rows stored before they are merged',
	$logged, time - $started, DEATHS, count_in('events'));

is(count_in('events FINAL'), $logged, 'each event is in the table once');
is($clickhouse->query('SELECT uniqExact(event_id) FROM events'), $logged, '... all of them');
my $theirs = $clickhouse->query(<<'SQL');
SELECT sum(value), min(toString(event_id)), max(toString(event_id)), uniqExact(actor_id), countIf(actor_id IS NULL),
       min(toUnixTimestamp(event_ts)), max(toUnixTimestamp(event_ts)), any(source)
FROM events FINAL WHERE event_name = 'order.paid' FORMAT CSV
SQL
my $ours = $node->safe_psql('postgres', <<'SQL');
COPY (SELECT sum(value)::bigint, '"' || min(event_id::text) || '"', '"' || max(event_id::text) || '"', count(DISTINCT actor_id),
             count(*) FILTER (WHERE actor_id IS NULL), floor(extract(epoch FROM min(event_ts))),
             floor(extract(epoch FROM max(event_ts))), '"shop"'
      FROM eventlog.events WHERE event_name = 'order.paid') TO STDOUT (DELIMITER ',')
SQL
is($theirs, $ours, '... with their values');
my $status = forward_status($node, 'clickhouse');
is("$status->{state} $status->{dead}", 'running 0', '... and no dead letter');

# ---- metadata --------------------------------------------------------------------------------------------------------

# Columns are chosen by the table: what it does not have is skipped where the url says so.
$clickhouse->query('CREATE TABLE metadata (event_id UUID, metadata String) ENGINE = ReplacingMergeTree ORDER BY event_id');
my $metadata_url = $clickhouse->url('INSERT INTO metadata FORMAT JSONEachRow', input_format_skip_unknown_fields => 1);
$node->safe_psql('postgres', target_ddl('metadata', $metadata_url, mode => 'text', batch_events => 7));
my @values = ('"plain"', '"a \"quoted\", \\\\ and\nbroken, ü 😀"', '{"deep": {"er": [1, 2.50, null, true]}}', '[]', '-0.001');
foreach my $value (@values)
{
	(my $text = $value) =~ s/'/''/g;
	$node->safe_psql('postgres', qq{SELECT eventlog.log_event('whole', '{"value": $text, "metadata": "no"}')
		FROM generate_series(1, 20)});
}
wait_until('all are settled', sub { forward_status($node, 'metadata')->{lag_events} == 0 });
is(count_in('metadata FINAL'), 20 * @values, 'some columns of a row');
my %metadata = map { split /\t/, $_, 2 } split /\n/,
  $clickhouse->query('SELECT event_id, metadata FROM metadata FINAL FORMAT TSVRaw');
is($node->safe_psql('postgres', 'CREATE TEMP TABLE theirs (event_id uuid, metadata jsonb); '
		. join('', map { "INSERT INTO theirs VALUES ('$_', \$m\$$metadata{$_}\$m\$);" } sort keys %metadata)
		. q{SELECT count(*) FROM theirs JOIN eventlog.events USING (event_id, metadata)}),
	20 * @values, '... and the metadata is what has been logged');

# ---- a line that ClickHouse cannot read ------------------------------------------------------------------------------

$clickhouse->query('CREATE TABLE strict (event_id UUID, value Float64) ENGINE = ReplacingMergeTree ORDER BY event_id');
$node->safe_psql('postgres', target_ddl('strict', $clickhouse->url('INSERT INTO strict FORMAT JSONEachRow'), batch_events => 3));
log_events($node, ('unreadable') x 3);
# This version calls it an error of its own, 500.
$status = wait_for_state($node, 'strict', 'waiting');
is($status->{lag_events}, 3, 'a column that the table does not have: the target waits');
is(scalar(dead_letters($node, 'strict')), 0, '... and nothing is a dead letter');
$node->safe_psql('postgres', q{ALTER SERVER strict OPTIONS (SET url '}
	  . $clickhouse->url('INSERT INTO strict FORMAT JSONEachRow', input_format_skip_unknown_fields => 1) . q{')});
wait_until('the target is on', sub { forward_status($node, 'strict')->{lag_events} == 0 });
is(count_in('strict FINAL'), 3, '... until its url is corrected');

is_free_of_crashes($node);
$node->stop;
$clickhouse->kill9;
done_testing();
