# 64 clients, 1,000 keys, 100,000 calls, a third of them rolled back: one row a key that ever committed. The ledger's partitions
# are a second wide, so that calls with a key meet at their edges; in some transactions the call is made in a savepoint that is
# undone, or prepared.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use EventlogTest;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { CLIENTS => 64, KEYS => 1000, CALLS => $ENV{EVENTLOG_IDEMPOTENCY_CALLS} // 100_000 };

my $node = start_eventlog('idempotency', 'max_connections = 80', 'max_prepared_transactions = 70', 'synchronous_commit = off',
	'eventlog.idempotency_window = 1h');

# The table keeps the result of each call if and only if the call's transaction committed.
$node->safe_psql('postgres', 'CREATE TABLE returned (key text, id uuid)');

# Ranges of one second from a little before now, in the place of those that have been made.
sub cut_ledger
{
	$node->safe_psql('postgres', <<'SQL');
BEGIN;
LOCK TABLE eventlog.idempotency_keys;
DO $$
DECLARE
    leaf regclass;
    second bigint := extract(epoch FROM clock_timestamp())::bigint - 5;
BEGIN
    FOR leaf IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'eventlog.idempotency_keys'::regclass LOOP
        EXECUTE format('DROP TABLE %s', leaf);
    END LOOP;
    FOR i IN 0..64 LOOP
        EXECUTE format('CREATE TABLE eventlog.keys_%s (LIKE eventlog.idempotency_keys)', i);
        EXECUTE format('CREATE INDEX ON eventlog.keys_%s (key_hash)', i);
        EXECUTE format('ALTER TABLE eventlog.idempotency_keys ATTACH PARTITION eventlog.keys_%s FOR VALUES FROM (%L) TO (%L)', i,
                       rpad(lpad(to_hex((second + i) * 1000), 12, '0'), 32, '0')::uuid,
                       rpad(lpad(to_hex((second + i + 1) * 1000), 12, '0'), 32, '0')::uuid);
    END LOOP;
END
$$;
COMMIT;
SQL
	return;
}

# One call, whose id is noted; the payload is the key's.
my $call = q{INSERT INTO returned SELECT :key, eventlog.log_event('order.paid', jsonb_build_object('key', :key), source => 'shop', }
  . q{idempotency_key => :key::text);};
my $folder = PostgreSQL::Test::Utils::tempdir('idempotency');
append_to_file("$folder/calls.sql", <<"SCRIPT");
\\set key random(1, ${\KEYS})
\\set fate random(1, 12)
\\set n random(1, 2000000000)
\\if :fate <= 6
$call
\\elif :fate <= 9
BEGIN;
$call
ROLLBACK;
\\elif :fate = 10
BEGIN;
SAVEPOINT a;
$call
ROLLBACK TO a;
$call
COMMIT;
\\elif :fate = 11
BEGIN;
$call
PREPARE TRANSACTION 'p:client_id';
COMMIT PREPARED 'p:client_id';
\\else
BEGIN;
$call
PREPARE TRANSACTION 'p:client_id';
ROLLBACK PREPARED 'p:client_id';
\\endif
SCRIPT

cut_ledger();
my $started = time;
my $clients = start_pgbench($node, '-c', CLIENTS, '-j', 2, '-t', int(CALLS / CLIENTS) + 1, '-f', "$folder/calls.sql");
ok($clients->finish, 'no call failed');
my $seconds = time - $started;
my $edges = $node->safe_psql('postgres', q{SELECT count(DISTINCT tableoid) FROM eventlog.idempotency_keys});
note sprintf '%d calls in %d s, keys in %d partitions of the ledger', CALLS, $seconds, $edges;

my ($committed, $keys, $several) = split /\|/, $node->safe_psql('postgres',
	q{SELECT sum(calls), count(*), count(*) FILTER (WHERE ids > 1)
	  FROM (SELECT key, count(*) AS calls, count(DISTINCT id) AS ids FROM returned GROUP BY key) k});
cmp_ok($committed, '>', CALLS / 2, "$committed calls committed");
is($keys, KEYS, '... with each of the keys');
is($several, 0, '... and all calls with one key have returned one id');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT metadata->'_eventLog'->>'idempotencyKey') FROM eventlog.events}),
	KEYS . '|' . KEYS, 'the log has one event a key');
is($node->safe_psql('postgres', q{SELECT count(*) FROM returned r WHERE NOT EXISTS (SELECT FROM eventlog.events e
	WHERE e.event_id = r.id AND e.metadata->'_eventLog'->>'idempotencyKey' = r.key)}), 0, '... and it is the one that was returned');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT key_hash) FROM eventlog.idempotency_keys}), KEYS . '|' . KEYS,
	'the ledger has one row a key');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), 0, 'no lock is left');

# The same storm on keys that are met for the first time at the edges: every key is young while partitions change.
$node->safe_psql('postgres', 'CREATE TABLE rounds (round int, key text, id uuid)');
append_to_file("$folder/young.sql", <<'SCRIPT');
INSERT INTO rounds SELECT 1, k, eventlog.log_event('young', source => 'young', idempotency_key => k)
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 50)::bigint::text AS k) k;
SCRIPT
$clients = start_pgbench($node, '-c', 32, '-j', 2, '-T', 8, '-f', "$folder/young.sql");
ok($clients->finish, 'no call with a young key failed');
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT FROM rounds GROUP BY key HAVING count(DISTINCT id) > 1) k}), 0,
	'young keys have one id each, too');
is($node->safe_psql('postgres', q{SELECT count(*) - count(DISTINCT metadata->'_eventLog'->>'idempotencyKey') FROM eventlog.events WHERE source = 'young'}),
	0, '... and one event');

# A twin that is prepared holds up the second call until it ends, whoever ends it.
foreach my $end (qw(COMMIT ROLLBACK))
{
	my $log = qq{SELECT eventlog.log_event('prepared', idempotency_key => '$end')};
	$node->safe_psql('postgres', "BEGIN; $log; PREPARE TRANSACTION '$end'");
	my ($status, undef, $error) = $node->psql('postgres', "SET lock_timeout = '300ms'; $log");
	like($error, qr/canceling statement due to lock timeout/, 'a call waits for a prepared twin');
	$node->safe_psql('postgres', "$end PREPARED '$end'");
	my $id = $node->safe_psql('postgres', $log);
	is($node->safe_psql('postgres', q{SELECT string_agg(event_id::text, ' ') FROM eventlog.events}
			. qq{ WHERE metadata->'_eventLog'->>'idempotencyKey' = '$end'}), $id, "... and after its $end there is one event");
}

is_free_of_crashes($node);
done_testing();
