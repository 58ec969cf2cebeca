# Retention drops what is old enough, beside writers that do not wait for it, after what readers have still to read, and through
# crashes.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use List::Util qw(max);
use OldPartitions;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $writers = 8;
my $longest_wait_ms = 100;
my $lock_wait_ms = 50;

my $receiver = EventReceiver->start;
my $node = start_eventlog('retention', 'autovacuum = off', 'max_prepared_transactions = 5', 'log_lock_waits = on', 'log_min_messages = debug1',
	"deadlock_timeout = ${lock_wait_ms}ms", 'max_wal_size = 4GB', 'checkpoint_timeout = 1h');
$node->safe_psql('postgres', q{SELECT eventlog.log_event('first')});
can_make_old_partitions($node);

sub sql { return $node->safe_psql('postgres', join ';', @_) }

my $server_started = 0;

# Crashes the server and starts it again.
sub crash
{
	$node->stop('immediate');
	$server_started = -s $node->logfile;
	$node->start;
	return;
}

# Runs maintain() and waits for the end of the process that it has started, if there was something to do.
sub maintain
{
	sql(@_, 'SELECT eventlog.maintain()');
	wait_until('the process has ended', sub {
		my $log = slurp_file($node->logfile, $server_started);
		my $started = () = $log =~ / registering background worker "eventlog retention"/g;
		my $ended = () = $log =~ / unregistering background worker "eventlog retention"/g;
		return $started == $ended;
	});
	return;
}

sub retired { return sql('SELECT count(*) FROM eventlog.retired_partitions') }
sub exists_table { return sql("SELECT to_regclass('eventlog.events_old_$_[0]') IS NOT NULL") }

# Milliseconds that each call took, of a pgbench that was run with this log prefix.
sub latencies
{
	my ($prefix) = @_;
	my @latencies;
	foreach my $file (glob "$prefix.*")
	{
		push @latencies, map { (split / /)[2] / 1000 } split /\n/, slurp_file($file);
	}
	return @latencies;
}

my $folder = PostgreSQL::Test::Utils::tempdir('retention');
append_to_file("$folder/log.sql", q{SELECT eventlog.log_event('order.paid', '{"amount": 99.5}', actor_id => 'u-1');});

# Starts the writers; their calls are logged with this name.
sub start_writers
{
	my ($name, $seconds) = @_;
	return start_pgbench($node, '-f', "$folder/log.sql", '-c', $writers, '-j', 2, '-T', $seconds, '--log',
		"--log-prefix=$folder/$name");
}

# ---- writers ---------------------------------------------------------------------------------------------------------

# Drops a partition of 1 million rows while they log; the slowest calls before that and beside it, in milliseconds.
sub drop_beside_writers
{
	my ($name) = @_;
	sql(q{SELECT eventlog.set_retention('eventlog.events', NULL)});
	old_partition($node, 5, events => 1_000_000);
	old_partition($node, 4);
	sql('CHECKPOINT');
	ok(start_writers("undisturbed_$name", 4)->finish, "$writers writers log, undisturbed");
	my $before = max latencies("$folder/undisturbed_$name");

	sql(q{SELECT eventlog.set_retention('eventlog.events', '2 days')});
	my $log_start = -s $node->logfile;
	my $pgbench = start_writers("beside_$name", 6);
	wait_until('they log', sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%order.paid%'}) > $writers });
	sleep 1;
	my $start = time;
	wait_until('both are dropped', sub { maintain(); partition_states($node) eq '' });
	my $took = (time - $start) * 1000;
	ok($pgbench->finish, "a partition of 1 million rows is dropped while $writers writers log, and none fails");
	my @calls = latencies("$folder/beside_$name");
	my $beside = max @calls;
	diag(sprintf 'the slowest of %d calls beside the drop, which took %.0f ms: %.1f ms; of those before it: %.1f ms',
		scalar @calls, $took, $beside, $before);
	my @waits = grep { /client backend/ }
	  slurp_file($node->logfile, $log_start) =~ /(.*still waiting for \w+ on (?:relation|virtual transaction).*)/g;
	is("@waits", '', "no writer waits $lock_wait_ms ms for a lock");
	is(exists_table($_), 'f', "partition $_ is gone") foreach 4, 5;
	my @dropped = slurp_file($node->logfile, $log_start) =~ /LOG:  eventlog: retention dropped partition "(\w+)" of log "events", from .*, with (\d+) rows$/gm;
	my %rows_of = @dropped;
	is(scalar @dropped, 4, 'the log has one line for each partition');
	is($rows_of{events_old_5}, 1_000_000, '... with its rows');
	return ($before, $beside);
}

# Other load on the machine can delay a call as well: a drop that delays them does so each time.
my ($before, $beside);
foreach my $attempt (1 .. 3)
{
	($before, $beside) = drop_beside_writers($attempt);
	last if $beside < $longest_wait_ms;
}
SKIP:
{
	skip "a call takes $before ms on this machine with nothing beside it", 1
	  if $beside >= $longest_wait_ms && $before > $longest_wait_ms / 2;
	cmp_ok($beside, '<', $longest_wait_ms, "no call takes $longest_wait_ms ms");
}

# ---- transactions that stay open -------------------------------------------------------------------------------------

old_partition($node, 4);
my $idle = $node->background_psql('postgres', on_error_stop => 1);
$idle->query_safe(q{BEGIN; SELECT eventlog.log_event('idle')});
sql(q{BEGIN}, q{SELECT eventlog.log_event('prepared')}, q{PREPARE TRANSACTION 'prepared'});
wait_until('it is dropped', sub { maintain(); partition_states($node) eq '' });
pass('a writer that is idle in its transaction keeps nothing from being dropped, nor does a prepared transaction');
$idle->query_safe(q{SELECT eventlog.log_event('still')});
$idle->query_safe('COMMIT');
sql(q{COMMIT PREPARED 'prepared'});
is(sql(q{SELECT count(*) FROM eventlog.events WHERE event_name IN ('idle', 'still', 'prepared')}), 3, '... and can go on');

old_partition($node, 4);
old_partition($node, 3);
$idle->query_safe(q{BEGIN ISOLATION LEVEL REPEATABLE READ});
$idle->query_safe(q{SELECT count(*) FROM eventlog.events WHERE event_name = 'old'});
my $start = time;
maintain();
diag(sprintf 'maintain() beside a reader with a snapshot took %.0f ms', (time - $start) * 1000);
is(partition_states($node), '4 detaching, 3 past', 'one that is being read is left detaching');
is(sql(q{SELECT count(*) FROM eventlog.events WHERE event_name = 'old'}), 10, '... others see no rows of it any more');
is($idle->query_safe(q{SELECT count(*) FROM eventlog.events WHERE event_name = 'old'}), 20, '... the reader does');
maintain();
is(partition_states($node), '4 detaching, 3 past', '... and it stays so while it is read');
my $later = $node->background_psql('postgres', on_error_stop => 1);
$later->query_safe(q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM eventlog.events});
$idle->query_safe('COMMIT');
maintain();
is(partition_states($node), '3 detaching', '... no longer, though another has a snapshot by then: that is of the next one');
$later->query_safe('COMMIT');
maintain();
is(partition_states($node), '', '... which goes when that has ended');
$_->quit foreach $idle, $later;

# ---- maintain() in a transaction -------------------------------------------------------------------------------------

old_partition($node, 4);
sql('BEGIN', q{SELECT eventlog.log_event('with maintain')}, 'SELECT eventlog.maintain()', q{SELECT eventlog.log_event('with maintain')},
	'COMMIT');
# A partition that the process could not lock while the transaction was open is left for the next process.
wait_until('the partition is gone', sub { maintain(); partition_states($node) eq '' });
pass('maintain() in a transaction that has logged drops it');
is(sql(q{SELECT count(*) FROM eventlog.events WHERE event_name = 'with maintain'}), 2, '... which then commits');

# ---- the worker ------------------------------------------------------------------------------------------------------

old_partition($node, 4);
old_partition($node, 1);
$node->restart;
wait_until('the worker has dropped it', sub { partition_states($node) eq '1 past' });
pass('the worker drops what is old enough, and nothing else');

# ---- readers ---------------------------------------------------------------------------------------------------------

create_target($node, 'slow', url => $receiver->url('/v1/log_event'));
create_target($node, 'other', url => $receiver->url('/v1/log_event'), events => 'other.*');
sql(q{SELECT eventlog.pause_target('slow')});
old_partition($node, 4, xid => 'new', events => 7);
maintain();
is(sql(q{SELECT held_by FROM eventlog.partitions WHERE partition::text ~ 'old_4'}), '{"target slow"}',
	'a paused target that has events to read holds their partition; one that does not select them does not');
is(sql(q{SELECT dropped_unread FROM eventlog.forward_status WHERE target = 'slow'}), 0, '... and nothing is dropped');
sql(q{SELECT eventlog.resume_target('slow')});
wait_for_ids($receiver, 7);
wait_until('it is dropped', sub { maintain(); partition_states($node) eq '1 past' });
pass('once they have been sent, it is dropped');

old_partition($node, 4);
sql(q{SELECT eventlog.pause_target('slow')}, q{INSERT INTO eventlog.dead_letters (target, event_id, reason, attempts, first_attempt_at, last_attempt_at)
	SELECT 'slow', event_id, 'test', 1, now(), now() FROM eventlog.events_old_4 LIMIT 1});
is(sql(q{SELECT held_by FROM eventlog.partitions WHERE partition::text ~ 'old_4'}), '{}', 'a dead letter holds nothing');
sql(q{SELECT eventlog.redrive('slow')});
maintain();
is(sql(q{SELECT held_by FROM eventlog.partitions WHERE partition::text ~ 'old_4'}), '{"target slow"}',
	'... but for one that is to be sent again');
sql(q{UPDATE eventlog.dead_letters SET redriven_at = NULL});
maintain();
is(partition_states($node), '1 past', '... and no longer');
is(sql('SELECT count(*) FROM eventlog.dead_letters'), 1, 'a dead letter outlives its event');
sql(q{SELECT eventlog.redrive('slow')}, q{SELECT eventlog.resume_target('slow')});
wait_until('it is settled', sub { sql('SELECT count(*) FROM eventlog.dead_letters WHERE redriven_at IS NOT NULL') == 0 });
diag('a dead letter redriven after its event is gone: ' . sql('SELECT reason FROM eventlog.dead_letters'));
sql('DELETE FROM eventlog.dead_letters');

sql(q{SELECT eventlog.pause_target('slow')});
old_partition($node, 4, xid => 'new', events => 5);
my ($kept) = log_events($node, 'kept');
maintain('SET eventlog.retention_ignores_readers = on');
is(partition_states($node), '1 past', 'eventlog.retention_ignores_readers has it dropped all the same');
my $status = forward_status($node, 'slow');
is($status->{dropped_unread}, 5, '... forward_status counts what was dropped unread');
is($status->{last_error}, 'retention dropped 5 unread events of partition events_old_4', '... and says so');
like(slurp_file($node->logfile), qr/WARNING:  eventlog: retention dropped 5 events of partition "events_old_4" that target "slow" had not read/,
	'... as does the log');
my $arrived = $receiver->stats->{distinct_ids};
sql(q{SELECT eventlog.resume_target('slow')});
wait_for_ids($receiver, $arrived + 1);
my ($last) = map { @{ $_->{ids} } } ($receiver->requests)[-1];
is($last, $kept, 'the target goes on with what is left');
wait_until('it has read everything', sub { forward_status($node, 'slow')->{lag_events} == 0 });

# ---- the disk cap ----------------------------------------------------------------------------------------------------

sql(q{SELECT eventlog.set_retention('eventlog.events', NULL)});
old_partition($node, $_, events => 20000) foreach 4, 3, 2;
my ($total, $one) = split /\|/, sql(q{
	SELECT sum(bytes) / 1024 / 1024, max(bytes) FILTER (WHERE partition::text ~ 'old_4') / 1024 / 1024
	FROM eventlog.partitions WHERE log = 'events'});
cmp_ok($one, '>', 2, 'partitions of some megabytes');
maintain(sprintf 'SET eventlog.retention_max_size = %d', $total + 1);
is(partition_states($node), '4 past, 3 past, 2 past, 1 past', 'below eventlog.retention_max_size nothing is dropped');
maintain(sprintf 'SET eventlog.retention_max_size = %d', $total - 1);
is(partition_states($node), '3 past, 2 past, 1 past', 'above it the oldest is dropped');
sql(q{SELECT eventlog.pause_target('slow')});
old_partition($node, 4, events => 20000, xid => 'new');
maintain('SET eventlog.retention_max_size = 1');
is(partition_states($node), '4 past', 'but not what a reader has still to read, and the current one never');
is(sql(q{SELECT count(*) FROM eventlog.partitions WHERE log = 'events' AND state = 'current'}), 1, '... nor those that are ahead');
maintain('SET eventlog.retention_max_size = 1', 'SET eventlog.retention_ignores_readers = on');
is(partition_states($node), '', '... unless it is ignored');
sql('DROP SERVER slow', 'DROP SERVER other');

# ---- crashes ---------------------------------------------------------------------------------------------------------

sql(q{SELECT eventlog.set_retention('eventlog.events', '2 days')});

# Keeps the process from detaching and dropping this partition to the end.
sub read_partition
{
	my ($days) = @_;
	my $reader = $node->background_psql('postgres', on_error_stop => 1);
	$reader->query_safe("BEGIN; SELECT count(*) FROM eventlog.events_old_$days");
	return $reader;
}

old_partition($node, 4);
my $reader = read_partition(4);
maintain();
is(partition_states($node), '4 detaching', 'a partition is detaching');
crash();
wait_until('it is dropped', sub { maintain(); exists_table(4) eq 'f' });
is(retired(), 0, 'the server crashes before it is detached: it is detached and dropped after');
$reader->{run}->kill_kill;

old_partition($node, 4);
$reader = read_partition(4);
maintain();
sql('ALTER TABLE eventlog.retired_partitions RENAME TO away');
$reader->query_safe('COMMIT');
sql('ALTER TABLE eventlog.events DETACH PARTITION eventlog.events_old_4 FINALIZE', 'ALTER TABLE eventlog.away RENAME TO retired_partitions');
is(partition_states($node), '4 detaching', 'a partition is detached, and not dropped yet');
old_partition($node, 3, xid => 'new');
sql('ALTER TABLE eventlog.events DETACH PARTITION eventlog.events_old_3');
crash();
wait_until('it is dropped', sub { maintain(); exists_table(4) eq 'f' });
is(retired(), 0, 'the server crashes before it is dropped: it is dropped after');
maintain();
is(exists_table(3), 't', 'a table that somebody else has detached is left alone');
sql('DROP TABLE eventlog.events_old_3');
$reader->quit;

# The process is killed wherever it is; the server restarts.
my $kills = 0;
foreach my $delay (0, 0.02, 0.08)
{
	old_partition($node, 4);
	$reader = read_partition(4);
	my $pid = '';
	my $runs = 0;
	until ($pid ne '' || $runs++ == 100)
	{
		my $maintain = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-c', 'SELECT eventlog.maintain()' ],
			'>', \my $out, '2>', \my $err);
		for (1 .. 50)
		{
			last if ($pid = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'eventlog retention'})) ne '';
		}
		sleep $delay;
		$kills++ if $pid ne '' && kill 'KILL', $pid;
		$maintain->finish;
	}
	$reader->{run}->kill_kill;
	wait_until('the server is back', sub { $node->psql('postgres', 'SELECT 1') == 0 });
	wait_until('it is dropped', sub { maintain(); exists_table(4) eq 'f' });
	is(partition_states($node) . retired(), '0', "the process is killed $delay s after it was seen: what it left is finished");
}

# A rule that is withdrawn drops nothing, even what the process had its eye on.
sql(q{SELECT eventlog.set_retention('eventlog.events', NULL)});
old_partition($node, 4);
sql(q{INSERT INTO eventlog.retired_partitions (partition, name, log, from_time, to_time, unread)
	SELECT partition, 'events_old_4', log, from_time, to_time, '[]' FROM eventlog.partitions WHERE partition::text ~ 'old_4'});
maintain();
is(partition_states($node) . ' ' . retired(), '4 past 0', 'one that was not detached before a crash stays when it is not due any more');

# ---- DROP EXTENSION --------------------------------------------------------------------------------------------------

sql('SET eventlog.allow_drop = on; DROP EXTENSION eventlog CASCADE');
is(sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace}), 0, 'DROP EXTENSION leaves nothing');
is_free_of_crashes($node, $kills);

$node->stop;
done_testing();
