# A log survives pg_dump and restore with every row, and a restored copy sends nothing by itself: it is adopted by its first log
# call, its targets wait for resume_target(), and then send what had not been sent where the dump comes from.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
	QUIET => 2.5,   # seconds in which a worker that may touch a database does
	WRITTEN => 7000 # events after the restore
};

my @targets = ('flagged', 'halted', 'halfway');
my $receiver = EventReceiver->start;

sub create_server
{
	my ($name, $options) = @_;
	my $url = $receiver->url("/$name");
	return "CREATE SERVER $name FOREIGN DATA WRAPPER eventlog OPTIONS (url '$url', format 'ndjson', " . ($options // q{events 'all'}) . ')';
}

sub value
{
	my ($node, $database, $sql) = @_;
	return $node->safe_psql($database, $sql);
}

sub wait_for_value
{
	my ($node, $database, $sql, $expected) = @_;
	wait_until("$sql is $expected", sub { value($node, $database, $sql) eq $expected });
	return;
}

# Logs so many events, one transaction.
sub log_many
{
	my ($node, $database, $count, $arguments) = @_;
	$arguments //= q{'many'};
	return split /\n/, $node->safe_psql($database, "SELECT eventlog.log_event($arguments) FROM generate_series(1, $count) i");
}

# What the endpoint has accepted since this was asked last: the path's ids, in order of arrival.
sub arrivals
{
	my %ids = map { $_ => [] } @targets;
	push @{ $ids{ substr $_->{path}, 1 } }, @{ $_->{ids} } foreach grep { $_->{accepted} } $receiver->requests;
	return %ids;
}

# Fails on what is lost, is not wanted, or came more than once.
sub is_exactly
{
	my ($got, $expected, $name) = @_;
	my (%times, %wanted);
	$times{$_}++ foreach @$got;
	$wanted{$_} = 1 foreach @$expected;
	my $lost = grep { !$times{$_} } keys %wanted;
	my $extra = grep { !$wanted{$_} } keys %times;
	my $duplicates = @$got - keys %times;
	is("$lost lost, $extra extra, $duplicates duplicates", '0 lost, 0 extra, 0 duplicates', "$name (" . keys(%wanted) . ' events)');
	return;
}

sub states { return value(@_, q{SELECT string_agg(state, ' ' ORDER BY target) FROM eventlog.forward_status}) }

# Every row of the dumped tables.
sub rows_of
{
	return value(@_, <<'SQL');
SELECT 'events', count(*), md5(string_agg(e::text, ',' ORDER BY event_id)) FROM eventlog.events e
UNION ALL SELECT 'dead_letters', count(*), md5(string_agg(d::text, ',' ORDER BY target, event_id)) FROM eventlog.dead_letters d
UNION ALL SELECT 'targets', count(*), md5(string_agg((to_jsonb(t) - 'server')::text, ',' ORDER BY name)) FROM eventlog.targets t
UNION ALL SELECT 'reader_window', count(*), md5(string_agg(w::text, ',' ORDER BY kind, name)) FROM eventlog.reader_window w
UNION ALL SELECT 'reader_position', count(*), md5(string_agg(p::text, ',' ORDER BY kind, name)) FROM eventlog.reader_position p
SQL
}

# The partitions with their bounds, indexes and triggers.
sub partitions_of
{
	return value(@_, <<'SQL');
WITH leaf AS (
    SELECT c.oid, c.relname, c.relpartbound FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'eventlog.events'::regclass
)
SELECT relname, pg_get_expr(relpartbound, oid) FROM leaf
UNION ALL SELECT relname, pg_get_indexdef(indexrelid) FROM leaf JOIN pg_index ON indrelid = oid
UNION ALL SELECT relname, tgenabled::text || ' ' || pg_get_triggerdef(t.oid) FROM leaf JOIN pg_trigger t ON tgrelid = leaf.oid
ORDER BY 1, 2
SQL
}

sub refusals
{
	my ($node, $database, @statements) = @_;
	my $found = '';
	foreach my $statement (@statements)
	{
		my (undef, undef, $stderr) = $node->psql($database, $statement, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		$found .= $stderr =~ /ERROR:  (\w{5}):/ ? "$1 " : 'none ';
	}
	return $found;
}

# ---- the log that is dumped --------------------------------------------------------------------------------------------

my $origin = start_eventlog('origin', 'eventlog.max_retry_interval = 500ms');
$origin->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE use_transaction_numbers(count int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. count LOOP
        PERFORM pg_current_xact_id();
        COMMIT;
    END LOOP;
END $$;
CALL use_transaction_numbers(5000);
CREATE DATABASE logs;
ALTER DATABASE logs SET eventlog.partition_width = '1min';
ALTER DATABASE logs SET eventlog.partitions_ahead = 5;
SQL
$origin->safe_psql('logs', join ';', 'CREATE EXTENSION eventlog',
	create_server('flagged', q{events 'flagged'}),
	create_server('halted'),
	create_server('halfway', q{events 'all', batch_events '100', timeout_ms '60000'}));

# Ids go on behind the one stored last: in another partition.
sub store_in_next_partition
{
	$origin->safe_psql('logs', <<'SQL');
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
SELECT (lpad(to_hex((extract(epoch FROM eventlog.event_time(max(event_id::text)::uuid)) * 1000)::bigint + 60000), 12, '0')
        || '70008' || repeat('0', 15))::uuid,
       'in the next partition', 'test', 'backend', now(), now(), '{"_eventLog": {"forwardToStatsig": false}}', pg_current_xact_id()
FROM eventlog.events
SQL
	return;
}

$receiver->faults({ kind => 'refuse_events', names => ['refused'], path => '/flagged' });
log_many($origin, 'logs', 500);
log_many($origin, 'logs', 43, q{CASE WHEN i % 20 = 1 THEN 'refused' ELSE 'flagged' END, forward_to_statsig => true});
store_in_next_partition();
wait_for_value($origin, 'logs', q{SELECT sum(lag_events) FROM eventlog.forward_status}, 0);
is(value($origin, 'logs', 'SELECT count(*) FROM eventlog.dead_letters'), 3, 'the log has dead letters');

# One target is paused; one is in the midst of a window, with events behind it, and one before it that committed late.
my $late = $origin->background_psql('logs');
$late->query_safe('BEGIN');
$late->query_safe(q{SELECT eventlog.log_event('late')});
log_many($origin, 'logs', 100);
wait_for_value($origin, 'logs', q{SELECT sum(lag_events) FROM eventlog.forward_status}, 0);
value($origin, 'logs', "SELECT eventlog.pause_target('halted'), eventlog.pause_target('halfway')");
log_many($origin, 'logs', 300);
store_in_next_partition();
log_many($origin, 'logs', 400);
$receiver->faults({ kind => 'status', status => 200, path => '/halfway', count => 3 }, { kind => 'hang', path => '/halfway' });
value($origin, 'logs', "SELECT eventlog.resume_target('halfway')");
wait_for_value($origin, 'logs',
	q{SELECT in_flight, sent % 1000 FROM eventlog.forward_status WHERE target = 'halfway'}, '1|944');
log_many($origin, 'logs', 50);
$late->query_safe('COMMIT');
my $open = $late->query_safe('BEGIN; SELECT FROM eventlog.log_event($$never committed$$)');

my %delivered = arrivals();
my @all = split /\n/, value($origin, 'logs', 'SELECT event_id FROM eventlog.events');
my %is_delivered = map { my $target = $_; $target => { map { $_ => 1 } @{ $delivered{$target} } } } @targets;
my %unsent = (flagged => [], map { my $target = $_; $target => [ grep { !$is_delivered{$target}{$_} } @all ] } 'halted', 'halfway');
is(scalar @{ $unsent{halfway} }, 452, 'one target has sent a part of its window');
is(states($origin, 'logs'), 'running running paused', '... and one is paused');
my $rows = rows_of($origin, 'logs');
my $partitions = partitions_of($origin, 'logs');
cmp_ok(value($origin, 'logs', 'SELECT count(DISTINCT tableoid) FROM eventlog.events'), '>=', 3, 'the rows are in several partitions');

my $folder = PostgreSQL::Test::Utils::tempdir('dump');
$origin->command_ok([ 'pg_dump', '--file', "$folder/plain", 'logs' ], 'pg_dump, plain');
$origin->command_ok([ 'pg_dump', '--format=custom', '--file', "$folder/custom", 'logs' ], 'pg_dump, custom format');
unlike(slurp_file("$folder/plain"), qr/never committed|eventlog\.cluster\b/, '... leaves out what it should');

# ---- restored ------------------------------------------------------------------------------------------------------------

my $plain = start_eventlog('plain', 'max_worker_processes = 20');
my $custom = start_eventlog('custom');
my $ahead = start_eventlog('ahead');
$ahead->stop;
command_ok([ 'pg_resetwal', '--epoch=7', '--pgdata', $ahead->data_dir ], 'a cluster whose transaction numbers are far ahead');
$ahead->start;

my @copies = (
	{ name => 'plain, in one transaction', node => $plain, database => 'logs' },
	{ name => 'custom', node => $custom, database => 'logs' },
	{ name => 'custom, two jobs', node => $custom, database => 'logs2' },
	{ name => 'plain, numbers ahead', node => $ahead, database => 'logs' },
	{ name => 'plain, another database of the same cluster', node => $origin, database => 'copy' });
$_->{node}->safe_psql('postgres', "CREATE DATABASE $_->{database} TEMPLATE template0") foreach @copies;
my @psql = ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', "$folder/plain", '--dbname');
$plain->command_ok([ @psql, $plain->connstr('logs'), '--single-transaction' ], 'psql --single-transaction');
$ahead->command_ok([ @psql, $ahead->connstr('logs') ], 'psql where numbers are ahead');
$origin->command_ok([ @psql, $origin->connstr('copy') ], 'psql into another database of the same cluster');
my @restore = ('pg_restore', '--exit-on-error', "$folder/custom", '--dbname');
$custom->command_ok([ @restore, $custom->connstr('logs') ], 'pg_restore');
$custom->command_ok([ @restore, $custom->connstr('logs2'), '--jobs=2' ], 'pg_restore --jobs=2');

sub each_copy
{
	my ($check) = @_;
	$check->($_->{name}, $_->{node}, $_->{database}) foreach @copies;
	return;
}

sleep QUIET;
each_copy(sub {
	my ($name, @at) = @_;
	is(rows_of(@at), $rows, "$name: every row is there");
	is(partitions_of(@at), $partitions, '... and every partition, with bounds, indexes and triggers, and no other');
	is(value(@at, <<'SQL'), 0, '... none of them a part of the extension');
SELECT count(*) FROM pg_depend d JOIN pg_inherits i ON d.classid = 'pg_class'::regclass AND d.objid = i.inhrelid
WHERE i.inhparent = 'eventlog.events'::regclass AND d.deptype = 'e'
SQL
	my $leaf = value(@at, 'SELECT min(tableoid::regclass::text) FROM eventlog.events');
	is(refusals(@at, map { ("UPDATE $_ SET value = 1", "DELETE FROM $_", "TRUNCATE $_") } 'eventlog.events', $leaf),
		'55000 ' x 6, '... all append-only');
	is(value(@at, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = current_database()}),
		1, '... a worker is there');
	is(value(@at, 'SELECT count(*) FROM eventlog.cluster'), 0, '... but does not adopt the log');
	is(states(@at), 'paused paused paused', '... nor sends');
});
my %arrived = arrivals();
is_deeply(\%arrived, { map { $_ => [] } @targets }, 'nothing has been sent');

# ---- adopted -------------------------------------------------------------------------------------------------------------

my %new;
each_copy(sub {
	my ($name, @at) = @_;
	my $id = $new{$name} = value(@at, q{SELECT eventlog.log_event('after the restore', forward_to_statsig => true)});
	is(value(@at, <<"SQL"), '1|t|t|t', "$name: adopted by the first log call, and its numbers go on above those stored");
SELECT count(*), bool_and(system_identifier = (SELECT s.system_identifier FROM pg_control_system() s)),
       bool_and(database = (SELECT oid FROM pg_database WHERE datname = current_database())),
       (SELECT xid FROM eventlog.events WHERE event_id = '$id') > ALL (SELECT xid FROM eventlog.events WHERE event_id <> '$id')
FROM eventlog.cluster
SQL
	is(value(@at, 'SELECT xid_offset > 0 FROM eventlog.cluster'), $at[0] == $ahead ? 'f' : 't', '... by an offset, if need be')
	  if $at[0] != $origin;
	is(states(@at), 'paused paused paused', '... and its targets stay paused');
});
sleep 1;
%arrived = arrivals();
is_deeply(\%arrived, { map { $_ => [] } @targets }, '... so that nothing is sent');

# ---- resumed ---------------------------------------------------------------------------------------------------------------

$receiver->reset;
each_copy(sub {
	my ($name, @at) = @_;
	value(@at, "SELECT eventlog.resume_target('$_')") foreach @targets;
	wait_for_value(@at, q{SELECT sum(lag_events), string_agg(state, ' ') FROM eventlog.forward_status},
		'0|running running running');
	my %arrived = arrivals();
	is_exactly($arrived{$_}, [ @{ $unsent{$_} }, $new{$name} ], "$name, resumed: $_ gets what has not been sent to it") foreach @targets;
});

# The origin is where it was, in the midst of a request, and goes on.
$receiver->close_port;
$receiver->open_port;
wait_for_value($origin, 'logs', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
%arrived = arrivals();
is_exactly($arrived{halfway}, $unsent{halfway}, 'the log that was dumped sends its own');

# A copy made by the server is one, too.
$late->quit;
$origin->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE logs');
my $of_twin = value($origin, 'twin', q{SELECT eventlog.log_event('of the twin')});
my $of_origin = value($origin, 'logs', q{SELECT eventlog.log_event('of the origin')});
wait_for_value($origin, 'logs', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
is(states($origin, 'twin'), 'paused paused paused', 'CREATE DATABASE from it as template: the copy is paused');
is(states($origin, 'logs'), 'running running paused', '... and the original goes on');
sleep 1;
%arrived = arrivals();
is_exactly($arrived{halfway}, [$of_origin], '... alone');

# ---- at work again ---------------------------------------------------------------------------------------------------------

push @targets, 'fresh';
$plain->safe_psql('logs', create_server('fresh'));
my $events_a_round = 25;
my $rounds = WRITTEN / $events_a_round / 8;
$plain->pgbench("--no-vacuum --client=8 --jobs=2 --transactions=$rounds", 0, [qr{actually processed: (\d+)/\1\b}], [qr/^$/],
	WRITTEN . ' events of eight writers', { '030_dump_restore' => <<"SQL" }, $plain->connstr('logs'));
BEGIN;
SELECT count(eventlog.log_event('written', forward_to_statsig => true)) FROM generate_series(1, 5);
SAVEPOINT s;
SELECT count(eventlog.log_event('rolled back', forward_to_statsig => true)) FROM generate_series(1, 5);
ROLLBACK TO s;
SELECT count(eventlog.log_event('written', forward_to_statsig => true)) FROM generate_series(1, $events_a_round - 5);
COMMIT;
SQL
wait_for_value($plain, 'logs', 'SELECT sum(lag_events) FROM eventlog.forward_status', 0);
my @written = split /\n/, value($plain, 'logs', q{SELECT event_id FROM eventlog.events WHERE event_name = 'written'});
is(scalar @written, WRITTEN, '... are stored in the restored log');
%arrived = arrivals();
is_exactly($arrived{$_}, \@written, "... and arrive at $_") foreach @targets;

# ---- a new log -------------------------------------------------------------------------------------------------------------

# Statements of a first session, and which of its events the target gets: those of transactions that commit after CREATE SERVER.
my %orders = (
	'extension, target, event' => [ [ 1 ], 'EXTENSION', 'SERVER', 'EVENT' ],
	'extension, event, target, event' => [ [ 2 ], 'EXTENSION', 'EVENT', 'SERVER', 'EVENT' ],
	'extension, target, event rolled back, event' => [ [ 2 ], 'EXTENSION', 'SERVER', 'BEGIN', 'EVENT', 'ROLLBACK', 'EVENT' ],
	'all in one transaction' => [ [ 1 ], 'BEGIN', 'EXTENSION', 'SERVER', 'EVENT', 'COMMIT' ],
	'event before the target in one transaction' => [ [ 1, 2 ], 'BEGIN', 'EXTENSION', 'EVENT', 'SERVER', 'EVENT', 'COMMIT' ],
	'extension and event in one transaction, then target' =>
	  [ [ 2 ], 'BEGIN', 'EXTENSION', 'EVENT', 'COMMIT', 'SERVER', 'EVENT' ],
	'target and event in one transaction' => [ [ 2 ], 'EXTENSION', 'EVENT', 'BEGIN', 'SERVER', 'EVENT', 'COMMIT' ]);
my $number = 0;
my %expected = ();
foreach my $name (sort keys %orders)
{
	my ($wanted, @steps) = @{ $orders{$name} };
	my $path = 'new' . ++$number;
	push @targets, $path;
	$plain->safe_psql('postgres', "CREATE DATABASE $path");
	my $session = $plain->background_psql($path);
	my @ids = ();
	foreach my $step (@steps)
	{
		my $result = $session->query_safe(
			  $step eq 'EXTENSION' ? 'CREATE EXTENSION eventlog'
			: $step eq 'SERVER' ? create_server($path)
			: $step eq 'EVENT' ? q{SELECT eventlog.log_event('new')}
			: $step);
		push @ids, $result if $step eq 'EVENT';
		# Numbers behind that of an open transaction: a snapshot that it takes ends behind its own.
		$plain->safe_psql('postgres', 'SELECT pg_current_xact_id()');
	}
	$session->quit;
	$expected{$path} = { name => $name, ids => [ @ids[ map { $_ - 1 } @$wanted ] ] };
}
foreach my $path (sort keys %expected)
{
	wait_for_value($plain, $path, 'SELECT lag_events FROM eventlog.forward_status', 0);
}
sleep 0.5;
%arrived = arrivals();
is_exactly($arrived{$_}, $expected{$_}{ids}, "new log: $expected{$_}{name}") foreach sort keys %expected;

# A log that has seen no event has not been adopted: its copy is one all the same.
$plain->safe_psql('postgres', 'CREATE DATABASE unused; CREATE DATABASE unused_copy TEMPLATE template0');
$plain->safe_psql('unused', "CREATE EXTENSION eventlog; $_") foreach create_server('fresh');
$plain->command_ok([ 'pg_dump', '--file', "$folder/unused", 'unused' ], 'pg_dump of a log without events');
$plain->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', "$folder/unused", $plain->connstr('unused_copy') ], 'psql');
value($plain, 'unused_copy', q{SELECT eventlog.log_event('of the copy')});
is(states($plain, 'unused_copy'), 'paused', '... restored, its target is paused');

is_free_of_crashes($_) foreach $origin, $plain, $custom, $ahead;
$_->stop foreach $origin, $plain, $custom, $ahead;
done_testing();
