# Event ids: strictly increasing over all backends of a preloading server, above everything stored though the clock steps
# back, and no two alike.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogDatabases;
use EventlogTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_eventlog('ids');
$node->safe_psql('postgres', <<'SQL');
SELECT eventlog.log_event('first');

-- Not transactional, and taken by one backend at a time: numbers what happens over all backends.
CREATE SEQUENCE ticket MINVALUE 0;
SELECT setval('ticket', 0);
CREATE UNLOGGED TABLE made (before bigint, id uuid, after bigint);

-- Two backends in turns, by the parity of the ticket.
CREATE FUNCTION ping_pong(me int, rounds int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    turn bigint;
    id uuid;
BEGIN
    FOR i IN 1 .. rounds LOOP
        LOOP
            -- Not ticket.last_value, which is read without a lock and may be the value that nextval() logs ahead.
            turn := pg_sequence_last_value('ticket');
            EXIT WHEN turn % 2 = me;
            PERFORM pg_sleep(0);
        END LOOP;
        id := eventlog.log_event('ping');
        INSERT INTO made VALUES (turn, id, turn);
        PERFORM nextval('ticket');
    END LOOP;
END $$;

CREATE FUNCTION log_between_tickets(events int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
    id uuid;
BEGIN
    FOR i IN 1 .. events LOOP
        before := nextval('ticket');
        id := eventlog.log_event('pair');
        INSERT INTO made VALUES (before, id, nextval('ticket'));
    END LOOP;
END $$;

-- Ids that are not above one that had been returned before they were asked for.
CREATE FUNCTION ids_out_of_order() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT asked.id, asked.id IS NOT NULL AS asks,
               max(returned.id::text COLLATE "C")
                   OVER (ORDER BY ticket ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest
        FROM (SELECT before AS ticket FROM made UNION SELECT after FROM made) tickets
        LEFT JOIN made asked ON asked.before = ticket
        LEFT JOIN made returned ON returned.after = ticket
    ) t WHERE asks AND id::text COLLATE "C" <= highest
$$;
SQL

my $scripts = 0;

# So many clients run the script so many times each.
sub run_clients
{
	my ($clients, $transactions, $script) = @_;
	my $file = '033_ids_' . ++$scripts;
	$node->pgbench("--no-vacuum --protocol=prepared --client=$clients --jobs=$clients --transactions=$transactions",
		0, [qr/actually processed: (\d+)\/\1\b/], [qr/^$/], "$clients clients: $script", { $file => "$script;\n" });
	return;
}

# Strictly increasing over backends.

run_clients(2, 1, 'SELECT ping_pong(:client_id, 1000)');
is($node->safe_psql('postgres', 'SELECT count(*), ids_out_of_order() FROM made'),
	'2000|0', 'two backends in turns, a thousand times each: every id is above the one before');

$node->safe_psql('postgres', "TRUNCATE made; SELECT setval('ticket', 1)");
run_clients(8, 25, 'SELECT log_between_tickets(100)');
is($node->safe_psql('postgres', 'SELECT count(*), ids_out_of_order() FROM made'),
	'20000|0', 'eight backends at once: every id is above those returned before it was asked for');

# No two alike.

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE batch AS SELECT json_agg(json_build_object('eventName', 'bulk')) AS events FROM generate_series(1, 1000)
SQL
run_clients(8, 25, 'SELECT count(*) FROM batch, eventlog.log_events_json(events)');
is($node->safe_psql('postgres', <<'SQL'), '200000|200000|200000', '... no two of the ids alike, nor their random parts');
SELECT count(*), count(DISTINCT event_id), count(DISTINCT right(event_id::text, 17))
FROM eventlog.events WHERE event_name = 'bulk'
SQL

# Above everything stored: a row of the future stands for a clock that has stepped back since it was written.

my $log = q{SELECT eventlog.log_event('after the future')};
my $veteran = $node->background_psql('postgres');
$veteran->query_safe($log);
my $newcomer = $node->background_psql('postgres');
my $future = store_ahead($node, 'postgres', 3_600_000);
my @ids = ($node->safe_psql('postgres', $log), map { $_->query_safe($log) } $newcomer, $veteran);
is_deeply([ sort(@ids, $future) ], [ $future, @ids ],
	'preloaded: once a backend has made its first id, those of every backend are above what is stored');
$_->quit foreach $veteran, $newcomer;

foreach my $mode ('fast', 'immediate')
{
	$node->stop($mode);
	$node->start;
	push @ids, $node->safe_psql('postgres', $log);
	is_deeply([ sort @ids ], \@ids, "... and after a restart (stop mode $mode)");
}
$node->stop;

my $plain = start_eventlog('plain', q{shared_preload_libraries = ''});
$plain->safe_psql('postgres', $log);
$newcomer = $plain->background_psql('postgres');
$future = store_ahead($plain, 'postgres', 3_600_000);
my ($count, $increase, $lowest, $highest) = split /\|/, $newcomer->query_safe(<<'SQL');
WITH made AS MATERIALIZED (SELECT i, eventlog.log_event('own')::text COLLATE "C" AS id FROM generate_series(1, 1000) i)
SELECT count(*), array_agg(id ORDER BY i) = array_agg(id ORDER BY id), min(id), max(id) FROM made
SQL
is("$count $increase", '1000 t', 'not preloaded: a thousand ids of one backend increase');
cmp_ok($lowest, 'gt', $future, '... above what was stored when it made its first');
cmp_ok($plain->safe_psql('postgres', $log), 'gt', $highest, '... and so do those of the next backend');
$newcomer->quit;
$plain->stop;

# A clock that really steps back, where libfaketime is installed.

SKIP:
{
	my ($library) = $ENV{LIBFAKETIME} // glob('/usr/lib/*/faketime/libfaketime.so.1');
	skip 'libfaketime is not installed', 6 if !defined $library;
	my $offset = PostgreSQL::Test::Utils::tempdir('clock') . '/offset';
	my $set_clock = sub {
		open my $file, '>', $offset or die "$offset: $!";
		print $file "$_[0]\n";
		close $file;
	};
	$set_clock->('+0');
	local %ENV = (
		%ENV,
		LD_PRELOAD => $library,
		FAKETIME_TIMESTAMP_FILE => $offset,
		FAKETIME_NO_CACHE => 1,
		FAKETIME_DONT_FAKE_MONOTONIC => 1);
	foreach my $server ($node, $plain)
	{
		my $name = $server->name;
		$set_clock->('+0');
		$server->start;
		$server->safe_psql('postgres', 'CREATE DATABASE clock');
		$server->safe_psql('clock', 'CREATE EXTENSION eventlog');
		my $session = $server->background_psql('clock');
		my @logged = ($session->query_safe($log));
		$set_clock->('-40m');
		push @logged, $session->query_safe($log), $server->safe_psql('clock', $log);
		$session->quit;
		$server->restart;
		push @logged, $server->safe_psql('clock', $log);
		is_deeply([ sort @logged ], \@logged, "$name: ids increase though the clock steps back by less than an hour");
		is($server->safe_psql('clock', q{SELECT max(ingested_at) - min(ingested_at) > '30 minutes' FROM eventlog.events}),
			't', '... which it did');
		$session = $server->background_psql('clock');
		$session->query_safe($log);
		$set_clock->('-2h');
		my @behind = map { $_->[0]->safe_psql('clock', "SELECT eventlog.event_time('$_->[1]') - clock_timestamp() < '1 minute'") }
		  [ $server, $session->query_safe($log) ], [ $server, $server->safe_psql('clock', $log) ];
		is("@behind", 't t', '... and follow a clock that steps back further');
		$session->quit;
		$server->stop;
	}
}

done_testing();
