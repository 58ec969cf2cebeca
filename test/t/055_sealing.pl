# The life of a partition: it is sealed once its time is over and nobody can write into it any more, and only then dropped. A writer
# that comes late takes a new identifier, and no committed event is dropped unread.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

# Each partition lasts this long. A test that does not find its writer waiting in one of them goes on to the next.
use constant SECONDS => 6;
use constant PARTITIONS => 100;

my $node = start_eventlog('sealing', 'max_prepared_transactions = 5', 'autovacuum = off', "eventlog.autonomous_timeout = '10min'",
	'max_locks_per_transaction = 256');

sub sql { return $node->safe_psql('postgres', join(';', @_)) }

sql(q{CREATE FUNCTION first_id(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
	SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$});
sql(sprintf q{DO $$
	DECLARE
		start timestamptz := date_trunc('second', clock_timestamp());
		leaf text;
	BEGIN
		FOR n IN 1 .. %2$d LOOP
			leaf := 'short_' || n;
			EXECUTE format('CREATE TABLE eventlog.%%I (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id))', leaf);
			EXECUTE format('CREATE INDEX ON eventlog.%%I (xid, event_id)', leaf);
			EXECUTE format('ALTER TABLE eventlog.events ATTACH PARTITION eventlog.%%I FOR VALUES FROM (%%L) TO (%%L)', leaf,
				first_id(CASE n WHEN 1 THEN start - interval '1 hour' ELSE start + (n - 1) * interval '%1$d s' END),
				first_id(start + n * interval '%1$d s'));
		END LOOP;
	END $$}, SECONDS, PARTITIONS);
sql(q{SELECT eventlog.log_event('first', idempotency_key => 'first')});

# The times of partitions are compared with the clock one by one, so at the end of one there may be none.
sub current
{
	my $leaf;
	wait_until('there is a current partition', sub {
		$leaf = sql(q{SELECT partition FROM eventlog.partitions WHERE log = 'events' AND state = 'current'}) });
	return $leaf;
}
sub state_of { return sql("SELECT state FROM eventlog.partitions WHERE partition = '$_[0]'::regclass") }
sub is_over { return sql("SELECT to_time <= clock_timestamp() FROM eventlog.partitions WHERE partition = '$_[0]'::regclass") eq 't' }
sub wait_until_over { my $leaf = shift; wait_until("the time of $leaf is over", sub { is_over($leaf) }); return }
sub seal { my $leaf = shift; wait_until("$leaf is sealed", sub { sql('SELECT eventlog.maintain()'); state_of($leaf) eq 'sealed' }); return }

# A transaction that keeps a session open.
sub holder
{
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_safe('BEGIN');
	return $session;
}

# A session that runs commands until it ends; its output is in ${$_[0]}.
sub start_psql
{
	my ($output, @commands) = @_;
	return IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), map { ('-c', $_) } @commands ],
		'<', \undef, '>&', $output, IPC::Run::timeout(5 * $PostgreSQL::Test::Utils::timeout_default));
}

sub waits_for { return sql("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = '$_[0]'::regclass AND NOT granted)") eq 't' }

# Calls start until it leaves a writer that waits for a lock on `lock` (or on the partition itself) with an identifier of the partition.
sub late_writer
{
	my ($lock, @commands) = @_;
	for (1 .. 20)
	{
		my $leaf = current();
		my $relation = $lock // $leaf;
		my $holder = holder();
		$holder->query_safe("LOCK TABLE $relation IN SHARE ROW EXCLUSIVE MODE");
		my $output = '';
		my $writer = start_psql(\$output, @commands);
		wait_until('the writer waits, or is done', sub { $writer->pump_nb if $writer->pumpable; waits_for($relation) || !$writer->pumpable });
		return ($leaf, $holder, $writer, \$output) if waits_for($relation) && current() eq $leaf;
		$holder->query_safe('ROLLBACK');
		$holder->quit;
		$writer->finish;
	}
	die 'no writer was ever late';
}

sub place_of { return sql("SELECT tableoid::regclass FROM eventlog.events WHERE event_id = '$_[0]'") }

# ---- a writer that has its identifier, but not yet the lock -------------------------------------------------------------

foreach my $begin ('BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ')
{
	foreach my $method ('auto', 'executor')
	{
		my ($leaf, $holder, $writer, $output) = late_writer(undef, "SET eventlog.insert_method = $method", $begin,
			'SELECT count(*) >= 0 FROM eventlog.events', "SELECT eventlog.log_event('late')", 'COMMIT');
		wait_until_over($leaf);
		$holder->query_safe("SELECT eventlog_internal.close_partition('$leaf'::regclass)");
		$holder->query_safe('COMMIT');
		$holder->quit;
		ok($writer->finish, "$begin, $method: a late writer succeeds");
		my ($id) = $$output =~ /^([0-9a-f-]{36})$/m;
		ok($id, '... and is told an identifier');
		isnt(place_of($id), $leaf, '... which is of a later partition');
		isnt(place_of($id), '', '... and is in the log');
	}
}

# ---- a writer that waits for the ledger of keys, and retention (the partition's time is over) ---------------------------

{
	sql(q{SELECT eventlog.create_consumer('c', 'beginning')}, q{SELECT count(*) FROM eventlog.poll('c', 1000)});
	sql(q{SELECT eventlog.ack('c', (SELECT last_id FROM eventlog.leases))});
	sql(q{SELECT eventlog.set_retention('eventlog.events', '1 microsecond', short => true)});
	wait_until('what was there before is dropped', sub {
		sql('SELECT eventlog.maintain()');
		sql(q{SELECT count(*) FROM eventlog.partitions WHERE log = 'events' AND state IN ('past', 'sealed', 'detaching')}) eq '0' });
	my $ledger = sql(q{SELECT partition FROM eventlog.partitions WHERE log = 'idempotency_keys' AND state = 'current'});
	my ($leaf, $holder, $writer, $output) = late_writer($ledger, q{SELECT eventlog.log_event('keyed', idempotency_key => 'late')});
	wait_until_over($leaf);
	# Retention takes the oldest first, and the writer's lock on the log keeps it from detaching more than one.
	wait_until('another partition is being dropped', sub {
		sql('SELECT eventlog.maintain()');
		sql('SELECT count(*) FROM eventlog.retired_partitions') ne '0' });
	is(state_of($leaf), 'past', 'a partition with a writer in it is not sealed, and so not dropped');
	$holder->query_safe('ROLLBACK');
	$holder->quit;
	ok($writer->finish, 'the writer commits');
	my ($id) = $$output =~ /^([0-9a-f-]{36})$/m;
	isnt(place_of($id), '', '... and its event is in the log');
	seal($leaf) if place_of($id) eq $leaf;
	sql('SELECT eventlog.maintain()') for 1 .. 3;
	isnt(place_of($id), '', '... and stays there, because the consumer has not read it');
	is(sql(q{SELECT eventlog.log_event('keyed', idempotency_key => 'late')}), $id, 'a retry with the key returns it');
	is(sql(q{SELECT string_agg(event_id::text, ' ') FROM eventlog.poll('c', 1000) WHERE event_name = 'keyed'}), $id, 'the consumer gets it');
	sql(q{SELECT eventlog.set_retention('eventlog.events', NULL)}, q{SELECT eventlog.drop_consumer('c')});
}

# ---- an autonomous event whose worker comes late ------------------------------------------------------------------------

for my $try (1 .. 20)
{
	my $leaf = current();
	my $worker = sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'eventlog worker'});
	kill 'STOP', $worker;
	my $output = '';
	my $caller = start_psql(\$output, q{SELECT eventlog.log_event_autonomous('autonomous', idempotency_key => 'autonomous} . $try . q{')});
	wait_until('the caller waits', sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE query ~ 'autonomous' AND wait_event_type = 'Extension'
		AND pid <> pg_backend_pid()}) eq '1' });
	my $in_time = current() eq $leaf;
	if ($in_time) { wait_until_over($leaf); seal($leaf); }
	kill 'CONT', $worker;
	$caller->finish;
	next if !$in_time;
	my ($id) = $output =~ /^([0-9a-f-]{36})$/m;
	ok($id, 'an autonomous event that was written late has an identifier') or diag($output);
	isnt(place_of($id), '', '... which is in the log');
	isnt(place_of($id), $leaf, '... in a later partition');
	is(sql(qq{SELECT eventlog.log_event('autonomous', idempotency_key => 'autonomous$try')}), $id, '... and is what its key stands for');
	last;
}

# ---- a prepared transaction ---------------------------------------------------------------------------------------------

{
	my $leaf;
	for my $try (1 .. 20)
	{
		my $id = sql('BEGIN', q{SELECT eventlog.log_event('prepared')}, "PREPARE TRANSACTION 'p$try'");
		$leaf = sql(q{SELECT l.relation::regclass FROM pg_locks l JOIN pg_inherits i ON i.inhrelid = l.relation
			WHERE l.pid IS NULL AND l.mode = 'RowExclusiveLock' AND i.inhparent = 'eventlog.events'::regclass});
		wait_until_over($leaf);
		sql('SELECT eventlog.maintain()') for 1 .. 3;
		$node->stop('immediate');
		$node->start;
		sql('SELECT eventlog.maintain()');
		wait_until('another partition is sealed', sub {
			sql('SELECT eventlog.maintain()');
			sql(q{SELECT count(*) FROM eventlog.partitions WHERE log = 'events' AND state = 'past'}) eq '1' });
		is(state_of($leaf), 'past', 'a prepared transaction leaves its partition unsealed, after a crash, too');
		sql("COMMIT PREPARED 'p$try'");
		seal($leaf);
		is(sql("SELECT s.rows FROM eventlog.sealed_partitions s JOIN eventlog_internal.log_partitions l USING (log, from_id)
			WHERE l.partition = '$leaf'::regclass"), sql("SELECT count(*) FROM $leaf"), 'its rows are counted when it has ended');
		last;
	}

	# ---- what is true of a sealed partition stays true --------------------------------------------------------------

	my $facts = "SELECT s.rows, s.least_xid, s.greatest_xid, s.least_ingested_at, s.greatest_ingested_at, s.least_event_ts,
		s.greatest_event_ts FROM eventlog.sealed_partitions s JOIN eventlog_internal.log_partitions l USING (log, from_id)
		WHERE l.partition = '$leaf'::regclass";
	my $counted = "SELECT count(*), min(xid), max(xid), min(ingested_at), max(ingested_at), min(event_ts), max(event_ts) FROM $leaf";
	is(sql($facts), sql($counted), 'the facts are those of the rows');
	sql("SELECT eventlog.erase_event((SELECT event_id FROM $leaf LIMIT 1))");
	is(sql($facts), sql($counted), '... after an erasure, too');
	my ($code, $out, $error) = $node->psql('postgres', "INSERT INTO $leaf SELECT * FROM $leaf");
	like($error, qr/partition ".*" is sealed/, 'an INSERT by hand is refused');

	# A copy of the database counts anew, and so does a restored log.
	# The worker leaves the database for this command.
	wait_until('the database is copied', sub { ($node->psql('template1', 'CREATE DATABASE copy TEMPLATE postgres'))[0] == 0 });
	cmp_ok($node->safe_psql('copy', 'SELECT count(*) FROM eventlog.sealed_partitions'), '>', 0, 'a copy has the rows of the original');
	$node->safe_psql('copy', q{SELECT eventlog.log_event('of the copy')});
	wait_until('the copy has sealed its partitions', sub {
		$node->safe_psql('copy', 'SELECT eventlog.maintain()');
		$node->safe_psql('copy', $facts) eq $node->safe_psql('copy', $counted) });
	pass('the copy has counted its own');
	my $dump = PostgreSQL::Test::Utils::tempdir('sealing') . '/dump';
	$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'a dump');
	$node->safe_psql('template1', 'CREATE DATABASE restored');
	$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), $dump ], '... is restored');
	is($node->safe_psql('restored', 'SELECT count(*) FROM eventlog_internal.closed_partitions'), 0, '... without seals');
	my $trigger = "SELECT xmin FROM pg_trigger WHERE tgrelid = '$leaf'::regclass AND tgname = 'sealed'";
	my $restored = $node->safe_psql('restored', $trigger);
	$node->safe_psql('restored', q{SELECT eventlog.log_event('of the restored')});
	wait_until('the restored log has sealed its partitions', sub {
		$node->safe_psql('restored', 'SELECT eventlog.maintain()');
		$node->safe_psql('restored', $facts) eq $node->safe_psql('restored', $counted) });
	pass('the restored log has counted its own');
	is($node->safe_psql('restored', $trigger), $restored, '... and left the trigger alone, which another command may be dropping');

	# A data-only restore that switches triggers off, beside the log's own worker.
	my $rows = sql("SELECT count(*) FROM $leaf");
	$node->safe_psql('restored', "CREATE TEMP TABLE kept AS SELECT * FROM $leaf; ALTER TABLE $leaf DISABLE TRIGGER ALL;
		UPDATE kept SET event_id = overlay(event_id::text PLACING 'ffffffffffff' FROM 25)::uuid; INSERT INTO $leaf SELECT * FROM kept LIMIT 1;
		ALTER TABLE $leaf ENABLE TRIGGER ALL");
	wait_until('what was loaded is counted', sub {
		$node->safe_psql('restored', 'SELECT eventlog.maintain()');
		$node->safe_psql('restored', $facts) eq $node->safe_psql('restored', $counted) });
	is($node->safe_psql('restored', "SELECT count(*) FROM $leaf"), $rows + 1, 'rows that were loaded with triggers off are counted');
}

is_free_of_crashes($node);
$node->stop;
done_testing();
