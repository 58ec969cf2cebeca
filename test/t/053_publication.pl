# Logical replication on both sides of a log. Under a publication FOR ALL TABLES, made before the extension is, everything works: log
# calls, erasure, restores, updates. A log that is a subscriber's table takes inserts, and refuses to be rewritten.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant LAST => '0.2.0';

my $receiver = EventReceiver->start;
my $node = start_eventlog('published', 'wal_level = logical', 'max_wal_senders = 5', 'max_replication_slots = 5',
	'eventlog.poll_interval = 100ms', 'max_worker_processes = 40');
my $publication = 'CREATE PUBLICATION everything FOR ALL TABLES';
my $log = q{SELECT eventlog.log_event('logged', actor_id => 'alice', idempotency_key => 'key', forward_to_statsig => true)};

# Tables whose rows could be neither changed nor deleted under a publication.
my $without_identity = <<'SQL';
SELECT coalesce(string_agg(c.oid::regclass::text, ' '), 'none') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('eventlog', 'eventlog_internal') AND c.relkind = 'r' AND c.relreplident <> 'f'
  AND NOT (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
SQL

sub new_database
{
	my ($database, @statements) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, $_) foreach @statements;
	return;
}

# Calls what changes and deletes rows.
sub use_log
{
	my ($database, $when) = @_;
	my $path = "/$database";
	my @calls = (
		$log, $log,
		target_ddl('target', $receiver->url($path)),
		q{SELECT eventlog.create_consumer('reader', 'beginning')},
		q{SELECT eventlog.ack('reader', max(event_id::text)::uuid) FROM eventlog.poll('reader')},
		qq{SELECT eventlog.log_event_autonomous('autonomous', idempotency_key => 'key of $database')},
		q{SELECT eventlog.nack('reader', max(event_id::text)::uuid) FROM eventlog.poll('reader')},
		q{SELECT eventlog.set_retention('eventlog.events', '1 year')},
		q{SELECT eventlog.set_retention('eventlog.events', NULL)},
		q{SELECT eventlog.rewind_target('target', 'beginning')},
		q{SELECT eventlog.erase_actor(NULL, 'alice')},
		q{ALTER SERVER target RENAME TO renamed},
		q{SELECT eventlog.pause_target('renamed')}, q{SELECT eventlog.resume_target('renamed')},
		q{SELECT eventlog.drop_consumer('reader')}, q{DROP SERVER renamed},
		q{UPDATE eventlog.cluster SET system_identifier = system_identifier + 1}, q{SELECT eventlog.maintain()});
	foreach my $call (@calls)
	{
		my (undef, undef, $stderr) = $node->psql($database, $call);
		is($stderr, '', "$when: " . $call =~ s/\(url .*/(…)/r);
	}
	is($node->safe_psql($database, $without_identity), 'none', "$when: every table has a replica identity");
	return;
}

# ---- the publisher ---------------------------------------------------------------------------------------------------

new_database('fresh', $publication, 'CREATE EXTENSION eventlog');
use_log('fresh', 'a publication before CREATE EXTENSION');

new_database('updated', 'CREATE EXTENSION eventlog VERSION ' . "'" . LAST . "'", $log, target_ddl('of_before', $receiver->url('/of_before')),
	$publication, 'ALTER EXTENSION eventlog UPDATE');
$node->safe_psql('updated', 'DROP SERVER of_before');
use_log('updated', 'a publication before the update');

new_database('by_root', $publication . ' WITH (publish_via_partition_root = true)', 'CREATE EXTENSION eventlog');
use_log('by_root', 'a publication under the names of the roots');

my $folder = PostgreSQL::Test::Utils::tempdir('dumps');
$node->command_ok([ 'pg_dump', '--file', "$folder/fresh", 'fresh' ], 'a dump with the publication');
new_database('restored');
$node->command_ok([ 'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--file', "$folder/fresh", 'restored' ], '... is restored');
use_log('restored', 'a restored publication');

# Retention drops partitions.
$node->safe_psql('fresh', <<'SQL');
CREATE TABLE eventlog.old (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.old
    FOR VALUES FROM ('01000000-0000-0000-0000-000000000000') TO ('01100000-0000-0000-0000-000000000000');
SELECT eventlog.set_retention('eventlog.events', '1 year');
SELECT eventlog.maintain();
SQL
wait_for_value($node, 'fresh', q{SELECT to_regclass('eventlog.old') IS NULL}, 't');
pass('retention drops a partition');

# ---- the subscriber --------------------------------------------------------------------------------------------------

# The publisher's table is like the log, and nothing refuses changes there.
$node->safe_psql('postgres', 'CREATE DATABASE source TEMPLATE template0');
$node->safe_psql('postgres', $log);
$node->safe_psql('source', <<'SQL');
CREATE SCHEMA eventlog;
CREATE TYPE eventlog.event_origin AS ENUM ('backend', 'frontend');
CREATE TABLE eventlog.events (event_id uuid PRIMARY KEY, event_name text, source text, origin eventlog.event_origin, event_ts timestamptz,
    ingested_at timestamptz, metadata jsonb, xid xid8);
CREATE PUBLICATION events FOR TABLE eventlog.events;
SELECT pg_create_logical_replication_slot('events', 'pgoutput');
SQL
my $origin = $node->connstr('source') =~ s/'/''/gr;
$node->safe_psql('postgres', "CREATE SUBSCRIPTION events CONNECTION '$origin' PUBLICATION events WITH (create_slot = false, slot_name = 'events', copy_data = false)");
my $copied = q{SELECT count(*) FROM eventlog.events WHERE event_name = 'copied'};
foreach my $change (q{UPDATE eventlog.events SET event_name = 'rewritten'}, 'DELETE FROM eventlog.events', 'TRUNCATE eventlog.events')
{
	my $id = $node->safe_psql('postgres', 'SELECT event_id FROM eventlog.events ORDER BY event_id DESC LIMIT 1')
	  =~ s/.{12}$/sprintf '%012x', 1 + int rand 2**40/er;
	my $before = $node->safe_psql('postgres', $copied);
	$node->safe_psql('source', "INSERT INTO eventlog.events VALUES ('$id', 'copied', 'source', 'backend', now(), now(), '{}', '1')");
	wait_for_value($node, 'postgres', $copied, $before + 1);
	my $offset = -s $node->logfile;
	$node->safe_psql('source', $change);
	my ($command) = $change =~ /^(\w+)/;
	wait_until("$command is refused", sub {
		return slurp_file($node->logfile, $offset) =~ /logical replication worker ERROR:  $command of "\w+" is refused because the event log is append-only/;
	});
	is($node->safe_psql('postgres', $copied), $before + 1, "a subscriber's log refuses $command, after it has taken an INSERT");

	# The subscriber goes on behind the change.
	$node->safe_psql('postgres', 'ALTER SUBSCRIPTION events DISABLE');
	wait_for_value($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'logical replication worker'}, 0);
	my $end = $node->safe_psql('source', 'SELECT pg_current_wal_insert_lsn()');
	$node->safe_psql('postgres', "SELECT pg_replication_origin_advance('pg_' || oid, '$end') FROM pg_subscription");
	$node->safe_psql('source', q{DELETE FROM eventlog.events});
	$end = $node->safe_psql('source', 'SELECT pg_current_wal_insert_lsn()');
	$node->safe_psql('postgres', "SELECT pg_replication_origin_advance('pg_' || oid, '$end') FROM pg_subscription");
	$node->safe_psql('postgres', 'ALTER SUBSCRIPTION events ENABLE');
}
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION events DISABLE');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION events SET (slot_name = NONE); DROP SUBSCRIPTION events');

# ---- a table above the log -------------------------------------------------------------------------------------------

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE above (LIKE eventlog.events) PARTITION BY RANGE (event_id);
ALTER TABLE above ATTACH PARTITION eventlog.events FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
SQL
foreach my $change (q{UPDATE above SET event_name = 'rewritten'}, 'DELETE FROM above', 'TRUNCATE above')
{
	is(refusal($node, 'postgres', $change)->{sqlstate}, '55000', "through a table above the log: $change");
}
is($node->safe_psql('postgres', q{SELECT eventlog.erase_actor(NULL, 'alice')}), 1, '... and an erasure is not refused');
is($node->safe_psql('postgres', 'ALTER TABLE above DETACH PARTITION eventlog.events; SELECT count(*) FROM eventlog.events WHERE actor_id IS NOT NULL'), 0,
	'... and has erased');
$node->stop;
done_testing();
