# A log makes partitions, and finds them as users have made them: event triggers that log, partitions with their own
# order of columns, keys and bounds, a clock that was wrong, and transactions that are prepared.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = EventReceiver->start;
my $node = start_eventlog('making', 'max_prepared_transactions = 5', 'eventlog.poll_interval = 100ms', 'max_worker_processes = 40',
	q{eventlog.databases = 'postgres, audited, late'});
my $log = q{SELECT eventlog.log_event('logged')};
my $keyed = q{SELECT eventlog.log_event('keyed', idempotency_key => 'key')};
my $helpers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog maintenance'};

# Databases whose worker does not make what is missing.
sub new_database
{
	my ($database, @statements) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, $_) foreach @statements;
	return;
}

sub drop_partitions
{
	my ($database) = @_;
	$node->safe_psql($database, <<'SQL');
SET eventlog.allow_drop = on;
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('eventlog.events'::regclass, 'eventlog.idempotency_keys'::regclass)
    LOOP
        EXECUTE format('DROP TABLE %s', partition);
    END LOOP;
END
$$
SQL
	return;
}

# ---- an event trigger that logs --------------------------------------------------------------------------------------

new_database('audited', 'CREATE EXTENSION eventlog', $log, <<'SQL');
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eventlog.log_event('ddl', jsonb_build_object('tag', tg_tag), idempotency_key => gen_random_uuid()::text);
END
$$;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION audit();
CREATE EVENT TRIGGER audit_start ON ddl_command_start EXECUTE FUNCTION audit();
ALTER EVENT TRIGGER audit ENABLE ALWAYS;
SQL
foreach my $call ($log, $keyed, 'CREATE TABLE of_the_user ()', 'SELECT eventlog.maintain()', "BEGIN; $log; CREATE TABLE another (); COMMIT",
	q{SELECT eventlog.log_event_autonomous('logged')})
{
	$node->safe_psql('audited', 'ALTER EVENT TRIGGER audit DISABLE; ALTER EVENT TRIGGER audit_start DISABLE');
	drop_partitions('audited');
	$node->safe_psql('audited', 'ALTER EVENT TRIGGER audit ENABLE ALWAYS; ALTER EVENT TRIGGER audit_start ENABLE ALWAYS')
	  if $call !~ /another/;
	my (undef, undef, $stderr) = $node->psql('audited', "SET statement_timeout = '60s'; $call");
	is($stderr, '', "no partition, and an event trigger that logs: $call");
}
is($node->safe_psql('audited', q{SELECT count(*) > 0 FROM eventlog.events WHERE event_name = 'logged'}), 't', 'the events are there');
is($node->safe_psql('audited', q{CREATE TABLE one_more (); SELECT count(*) FROM eventlog.events WHERE metadata ->> 'tag' = 'CREATE TABLE'}) >= 2, 1,
	'... and those of the event triggers, for commands of users');
wait_for_value($node, 'audited', $helpers, 0);

# A call that is cancelled leaves no process behind that waits for the caller's own lock.
new_database('waiting', 'CREATE EXTENSION eventlog', $log);
drop_partitions('waiting');
$node->safe_psql('waiting', q{ALTER DATABASE waiting SET eventlog.partition_width = '1h'});
my $blocker = $node->background_psql('waiting');
$blocker->query_safe('BEGIN; LOCK TABLE eventlog.events IN SHARE UPDATE EXCLUSIVE MODE');
my (undef, undef, $cancelled) = $node->psql('waiting', "SET statement_timeout = '500ms'; $log");
like($cancelled, qr/statement timeout/, 'a call that waits for a partition can be cancelled');
wait_for_value($node, 'waiting', $helpers, 0);
$blocker->query_safe('COMMIT');
$blocker->quit;
is($node->safe_psql('waiting', "$log IS NOT NULL"), 't', '... and the next one is served');

# ---- partitions of one's own -----------------------------------------------------------------------------------------

# Returns the bounds of a partition of today that begins inside a millisecond.
my $bounds = q{FOR VALUES FROM ('%s-7000-8000-000000000001') TO ('%s-7fff-8000-000000000000')};
sub bound
{
	my ($seconds) = @_;
	my $text = sprintf '%012x', $seconds * 1000;
	return $text =~ s/^(.{8})/$1-/r;
}
new_database('own', 'CREATE EXTENSION eventlog');
my $today = sprintf $bounds, bound(time - 7200), bound(time + 86400 * 30);
$node->safe_psql('own', <<"SQL");
CREATE TABLE eventlog.own_events (note text, xid xid8 NOT NULL, sofa text, app_version text, trace_id text, schema_version text,
    metadata jsonb NOT NULL, value float8, ingested_at timestamptz NOT NULL, event_ts timestamptz NOT NULL, tenant_id uuid,
    resource_id text, resource_type text, actor_id text, actor_type text, origin eventlog.event_origin NOT NULL, source text NOT NULL,
    event_type text, event_name text NOT NULL, event_id uuid NOT NULL, PRIMARY KEY (event_name, event_id));
ALTER TABLE eventlog.own_events DROP COLUMN note;
CREATE INDEX ON eventlog.own_events (event_id DESC);
CREATE INDEX ON eventlog.own_events (event_id) WHERE event_name = 'none';
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.own_events $today;
CREATE TABLE eventlog.own_keys (payload_hash bytea NOT NULL, key_hash bytea NOT NULL, event_id uuid NOT NULL, PRIMARY KEY (key_hash, event_id));
CREATE INDEX ON eventlog.own_keys (event_id);
ALTER TABLE eventlog.idempotency_keys ATTACH PARTITION eventlog.own_keys $today;
SQL
my $first = $node->safe_psql('own', $keyed);
is($node->safe_psql('own', $keyed), $first, 'own partitions with other orders of columns: a key is good for one event');
is($node->safe_psql('own', "SELECT tableoid::regclass FROM eventlog.events WHERE event_id = '$first'"), 'eventlog.own_events', '... which is in the partition');
is($node->safe_psql('own', q{SELECT count(*) FROM eventlog.own_keys}), 1, '... as the key is');
is($node->safe_psql('own', "SELECT abs(extract(epoch FROM eventlog.event_time('$first') - now())) < 3600"), 't', '... and ids follow the clock');
my $next = $node->safe_psql('own', $log);
cmp_ok($next, 'gt', $first, '... in order in another session');
$node->safe_psql('own', q{SET statement_timeout = '60s'; SELECT eventlog.maintain()});
is($node->safe_psql('own', q{SELECT eventlog.list_events() #>> '{data,events,0,eventId}'}), $next,
	'... bounds inside a millisecond hinder neither maintain() nor a page');
is($node->safe_psql('own', q{SELECT eventlog.erase_event('} . $first . q{')}), 1, '... nor an erasure');
is($node->safe_psql('own', q{SELECT count(*) FROM eventlog.own_keys}), 0, '... which takes the key with it');
$node->safe_psql('own', q{SELECT eventlog.create_consumer('reader', 'beginning')});
is($node->safe_psql('own', q{SELECT count(*) FROM eventlog.poll('reader')}), 3, '... nor a consumer');

# Another clock is not taken from a key that begins with something else.
new_database('keys_own', 'CREATE EXTENSION eventlog');
$node->safe_psql('keys_own', <<"SQL");
CREATE TABLE eventlog.own_events (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (source, event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.own_events $today;
CREATE TABLE eventlog.own_keys (LIKE eventlog.idempotency_keys) PARTITION BY RANGE (event_id);
ALTER TABLE eventlog.idempotency_keys ATTACH PARTITION eventlog.own_keys $today;
SET eventlog.insert_method = executor;
$log;
SQL
is($node->safe_psql('keys_own', "SELECT abs(extract(epoch FROM eventlog.event_time(event_id) - now())) < 3600 FROM eventlog.log_event('x') event_id"), 't',
	'a key that begins with another column does not set the clock');
my (undef, undef, $refused) = $node->psql('keys_own', $keyed);
like($refused, qr/partition "own_keys" cannot hold idempotency keys/, 'a partitioned partition of the ledger is refused');

# ---- a clock that was wrong ------------------------------------------------------------------------------------------

new_database('wrong', 'CREATE EXTENSION eventlog', $log);
$node->safe_psql('wrong', <<"SQL");
CREATE TABLE eventlog.far (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.far
    FOR VALUES FROM ('01e90000-0000-0000-0000-000000000000') TO ('01ea0000-0000-0000-0000-000000000000');
SQL
is($node->safe_psql('wrong', q{SELECT eventlog.health() #>> '{checks,partitionsAhead,status}'}), 'ok', 'a partition of another time');
my $far = '01e9aaaa-aaaa-7000-8000-000000000000';
$node->safe_psql('wrong', <<"SQL");
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
SELECT '$far', 'far', 'test', 'backend', now(), now(), '{}', pg_current_xact_id();
SQL
$node->restart;
my $after = $node->safe_psql('wrong', $log);
cmp_ok($after, 'lt', $far, 'ids follow the clock again');
is($node->safe_psql('wrong', "SELECT abs(extract(epoch FROM eventlog.event_time('$after') - now())) < 3600"), 't', '... which is now');
my $check = decode_json($node->safe_psql('wrong', q{SELECT eventlog.health() #> '{checks,idsAhead}'}));
is_deeply($check, { status => 'degraded', events => 1, threshold => 0, newest => $far, partitions => ['eventlog.far'] }, 'health() names them');
is($node->safe_psql('wrong', q{SELECT eventlog.health() ->> 'status'}), 'degraded', '... and is degraded');
is($node->safe_psql('wrong', q{SELECT eventlog.create_consumer('reader', 'beginning'); SELECT count(*) FROM eventlog.poll('reader')}) =~ s/\n//gr, 3, 'readers get all of them');
$node->safe_psql('wrong', <<'SQL');
CREATE TABLE eventlog.old (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.old
    FOR VALUES FROM ('01000000-0000-0000-0000-000000000000') TO ('01100000-0000-0000-0000-000000000000');
SELECT eventlog.set_retention('eventlog.events', '1 year');
SELECT eventlog.maintain();
SQL
wait_for_value($node, 'wrong', q{SELECT to_regclass('eventlog.old') IS NULL}, 't');
pass('retention goes on');
$node->safe_psql('wrong', 'ALTER TABLE eventlog.events DETACH PARTITION eventlog.far');
is($node->safe_psql('wrong', q{SELECT eventlog.health() #>> '{checks,idsAhead,status}'}), 'ok', 'once they are gone, health() is ok');

# A clock that the server itself has followed is set back.
my $ahead = store_ahead($node, 'postgres', 1) if $node->safe_psql('postgres', "$log IS NOT NULL") eq 't';
is($node->safe_psql('postgres', $log) gt $ahead, 1, 'ids a little ahead of the clock are continued');

# ---- a transaction for each partition --------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'eventlog.partitions_ahead = 9');
$node->reload;
my $made = q{SELECT (count(*) >= 20)::text || ' ' || count(*) - count(DISTINCT i.xmin::text) FROM pg_inherits i
    WHERE i.inhparent IN ('eventlog.events'::regclass, 'eventlog.idempotency_keys'::regclass)};
new_database('ahead', 'CREATE EXTENSION eventlog', $log);
foreach my $way ('SELECT eventlog.maintain()', $log)
{
	drop_partitions('ahead');
	$node->safe_psql('ahead', $way);
	is($node->safe_psql('ahead', $made), 'true 0', "$way: each partition is made in a transaction of its own");
}
drop_partitions('postgres');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . worker_pid($node) . ')');
wait_for_value($node, 'postgres', $made, 'true 0');
pass('... and so does the worker');
$node->append_conf('postgresql.conf', 'eventlog.partitions_ahead = 2');
$node->reload;

# ---- tablespaces -----------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', "SET allow_in_place_tablespaces = on; CREATE TABLESPACE $_ LOCATION ''") foreach qw(slow other);
my $number = 0;
my $spaces = q{SELECT string_agg(DISTINCT coalesce(s.spcname, 'default'), ' ') FROM pg_inherits i
    JOIN pg_index x ON x.indrelid = i.inhrelid JOIN pg_class c ON c.oid IN (i.inhrelid, x.indexrelid)
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE i.inhparent = 'eventlog.%s'::regclass};
foreach my $way ('SELECT eventlog.maintain()', $keyed, "BEGIN; $keyed; COMMIT", "SET eventlog.partitions_ahead = 0; $keyed")
{
	my $database = 'spaces' . ++$number;
	new_database($database, 'CREATE EXTENSION eventlog', $log, 'ALTER TABLE eventlog.events SET TABLESPACE slow');
	drop_partitions($database);
	$node->safe_psql($database, "SET default_tablespace = other; $way");
	is($node->safe_psql($database, sprintf $spaces, 'events'), 'slow', "$way: partitions and their indexes are in the tablespace of the table");
	is($node->safe_psql($database, sprintf $spaces, 'idempotency_keys'), 'default', '... and those of another table are not');
}
$node->safe_psql('spaces1', <<'SQL');
CREATE ROLE owner;
GRANT USAGE, CREATE ON SCHEMA eventlog TO owner;
GRANT USAGE ON SCHEMA eventlog_internal TO owner;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eventlog, eventlog_internal TO owner;
GRANT USAGE ON TYPE eventlog.event_origin TO owner;
ALTER TABLE eventlog.events OWNER TO owner;
ALTER TABLE eventlog.idempotency_keys OWNER TO owner;
SQL
drop_partitions('spaces1');
is($node->safe_psql('spaces1', "$keyed IS NOT NULL"), 't', 'an owner who may not use the tablespace: the event is logged');
is($node->safe_psql('spaces1', sprintf $spaces, 'events'), 'default', '... in the default tablespace');

# ---- prepared transactions -------------------------------------------------------------------------------------------

new_database('prepared', 'CREATE EXTENSION eventlog');
is($node->safe_psql('prepared', 'SELECT count(*) FROM eventlog.cluster'), 0, 'a log that has not been adopted');
my $session = $node->background_psql('prepared');
$session->query_safe("BEGIN; SELECT eventlog.maintain(); PREPARE TRANSACTION 'adoption'");
$session->query_safe("ROLLBACK PREPARED 'adoption'");
is($node->safe_psql('prepared', 'SELECT count(*) FROM eventlog.cluster'), 0, 'an adoption that is rolled back after PREPARE');
$session->query_safe($log);
is($node->safe_psql('prepared', 'SELECT count(*) FROM eventlog.cluster'), 1, '... is made again by the session');
$session->quit;

$node->safe_psql('postgres', 'CREATE DATABASE late TEMPLATE template0');
$node->safe_psql('late', "BEGIN; CREATE EXTENSION eventlog; PREPARE TRANSACTION 'extension'");
$node->safe_psql('late', "COMMIT PREPARED 'extension'");
wait_for_value($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = 'late'}, 1);
pass('COMMIT PREPARED of CREATE EXTENSION wakes the worker');
my $path = '/late';
$node->safe_psql('late', 'BEGIN; ' . target_ddl('target', $receiver->url($path)) . "; PREPARE TRANSACTION 'target'");
$node->safe_psql('late', "COMMIT PREPARED 'target'; $log");
wait_for_value($node, 'late', 'SELECT sent FROM eventlog.forward_status', 1);
pass('... and of CREATE SERVER');

is_free_of_crashes($node);
done_testing();
