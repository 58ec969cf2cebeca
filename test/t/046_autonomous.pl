# Autonomous events: what log_event_autonomous has returned is in the log, whatever becomes of its transaction, the worker or
# the server; what it says was not written is not there; and nobody waits for ever.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant CLIENTS => 20;
use constant CALLS => 500;
# No call fails for want of time but those that shall.
use constant LONG => '3min';

my $node = start_eventlog('autonomous',
	'max_connections = 60',
	"eventlog.autonomous_timeout = @{[LONG]}",
	'eventlog.autonomous_queue_size = 8MB',
	'eventlog.poll_interval = 1s',
	'wal_level = replica',
	'max_wal_senders = 2',
	'log_min_messages = log');
my $folder = PostgreSQL::Test::Utils::tempdir('autonomous');

sub count_events
{
	my ($name, $database) = @_;
	return $node->safe_psql($database // 'postgres', "SELECT count(*) FROM eventlog.events WHERE event_name = '$name'");
}

sub script
{
	my ($name, $text) = @_;
	append_to_file("$folder/$name.sql", $text);
	return "$folder/$name.sql";
}

# Returns the output of psql for one statement in a session of its own, errors with their SQLSTATE, DETAIL and HINT.
sub outcome
{
	my ($sql, $database, @settings) = @_;
	my $result = '';
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($database // 'postgres') ],
		'<', \join("\n", (map { "SET $_;" } @settings), $sql), '>&', \$result, IPC::Run::timeout(3 * $PostgreSQL::Test::Utils::timeout_default));
	return $result =~ s/\s+\z//r;
}

# A running psql; its output is in ${$_[1]} after finish.
sub start_psql
{
	my ($sql, $output) = @_;
	return IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>&', $output, IPC::Run::timeout(3 * $PostgreSQL::Test::Utils::timeout_default));
}

# Keeps the database's worker from going on until this is sent CONT.
sub stop_worker
{
	my $pid;
	wait_until('a worker is there', sub { ($pid = worker_pid($node)) =~ /^\d+$/ });
	# At rest: one that holds a lock of the server's own would stop everybody.
	wait_until('the worker rests',
		sub { $node->safe_psql('postgres', "SELECT wait_event_type = 'Extension' AND backend_xmin IS NULL FROM pg_stat_activity WHERE pid = $pid") eq 't' });
	kill 'STOP', $pid;
	return $pid;
}

my $uuid = qr/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

# The demand: all of them are there after a crash right behind the last answer, though every caller rolls back.

my $rolling_back = script('rollback', <<'SQL');
BEGIN;
SELECT eventlog.log_event_autonomous('kept', jsonb_build_object('client', :client_id), source => 'clients');
SELECT eventlog.log_event('undone', source => 'clients');
ROLLBACK;
SQL
my $callers = start_pgbench($node, '-c', CLIENTS, '-j', 2, '-t', CALLS, '-f', $rolling_back);
ok($callers->finish, 'many clients log and roll back');
$node->stop('immediate');
$node->start;
is(count_events('kept'), CLIENTS * CALLS, 'after a crash of the server each of their events is there');
is(count_events('undone'), 0, '... and nothing that was rolled back');
is($node->safe_psql('postgres', q{SELECT count(DISTINCT event_id) FROM eventlog.events WHERE event_name = 'kept'}),
	CLIENTS * CALLS, '... once');

# The worker is ended and killed while clients log. Each id that they were given is there.

$node->safe_psql('postgres', 'CREATE TABLE given (id uuid)');
my $giving = script('given', <<'SQL');
INSERT INTO given SELECT eventlog.log_event_autonomous('given', source => 'clients');
SQL
$callers = start_pgbench($node, '-c', CLIENTS, '-j', 2, '-t', 100, '-f', $giving);
foreach my $time (1 .. 4)
{
	my $before = count_events('given');
	wait_until('some have been written', sub { my $now = count_events('given'); $now > $before || $now == CLIENTS * 100 });
	$node->safe_psql('postgres',
		q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = 'postgres'});
}
ok($callers->finish, 'no call fails when the worker is ended again and again');
is(count_events('given'), CLIENTS * 100, '... and each has written its event once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM given WHERE NOT EXISTS (SELECT FROM eventlog.events WHERE event_id = id)}),
	0, '... under the id that it returned');

# Before and after the answer, over a kill of the worker, which restarts the server.

my $output = '';
my $id = $node->safe_psql('postgres', q{SELECT eventlog.log_event_autonomous('answered')});
my $worker = stop_worker();
my $waiting = start_psql(q{SELECT eventlog.log_event_autonomous('not answered')}, \$output);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'not answered' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'a call waits for a worker that does not go on');
kill 'KILL', $worker;
$waiting->finish;
unlike($output, qr/^$uuid$/m, '... and is not answered when the server crashes');
wait_until('the server is back', sub { my ($status) = $node->psql('postgres', 'SELECT 1'); ($status // 1) == 0 });
is(count_events('answered'), 1, 'an event that was answered for is there after the crash');
is($node->safe_psql('postgres', q{SELECT event_name FROM eventlog.events WHERE event_id = '} . $id . q{'}), 'answered', '... under its id');
is(count_events('not answered'), 0, '... and one that nobody had taken is not');

# Cancelled, terminated and timed out while still queued: nothing is written.

$node->safe_psql('postgres', 'CREATE DATABASE neighbour TEMPLATE template0');
$node->safe_psql('neighbour', 'CREATE EXTENSION eventlog');
$worker = stop_worker();
my $error = outcome(q{SELECT eventlog.log_event_autonomous('withdrawn')}, undef, q{statement_timeout = '300ms'});
like($error, qr/^ERROR:  57014: canceling statement due to statement timeout/, 'a cancelled call');
unlike($error, qr/DETAIL/, '... says nothing of an event');
$error = outcome(q{SELECT eventlog.log_event_autonomous('withdrawn')}, undef, q{eventlog.autonomous_timeout = '300ms'});
like($error, qr/^ERROR:  55000: autonomous event was not written within eventlog\.autonomous_timeout/, 'one that waits too long');
like($error, qr/DETAIL:  The limit is 300 ms\. The database's worker, process $worker, is running but has not taken the event\. Nothing was written\./,
	'... says why');
like($error, qr/HINT:  Look at the server's log, at eventlog\.databases and at max_worker_processes\./, '... and where to look');
$output = '';
$waiting = start_psql(q{SELECT eventlog.log_event_autonomous('withdrawn')}, \$output);
my $caller = q{FROM pg_stat_activity WHERE query ~ 'withdrawn' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'};
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 $caller"), 'one more waits');
$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid, 180000) $caller");
$waiting->finish;
like($output, qr/terminating connection/, '... and is terminated');

# Half of the queue is full: three of a megabyte each fit into four of eight, the next one is told so at once, and another database
# goes on.

my $large = q{SET eventlog.max_metadata_bytes = '1MB'; SELECT eventlog.log_event_autonomous('large', jsonb_build_object('text', repeat('x', 1047000)), event_type => '%d')};
my @outputs = ('') x 3;
my @large = map { start_psql(sprintf($large, $_), \$outputs[$_]) } 0 .. 2;
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 3 FROM pg_stat_activity WHERE query ~ 'large' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'large events wait');
$error = outcome(sprintf($large, 3));
like($error, qr/^ERROR:  53400: too many autonomous events are waiting to be written/, 'one that does not fit is refused');
like($error, qr/DETAIL:  The limit is 8388608 bytes for all databases, half of that for one that has events waiting, and 10\d{5} are free for this one, but the event takes 10\d{5}\./,
	'... with limit and found');
like($error, qr/HINT:  Try again, or raise eventlog\.autonomous_queue_size\./, '... and the way out');
$output = '';
like(outcome(sprintf($large, 4), 'neighbour'), qr/^$uuid$/m, '... while another database has room');
my $small = start_psql(q{SELECT eventlog.log_event_autonomous('small')}, \$output);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'small' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'a small one fits');
kill 'CONT', $worker;
$_->finish foreach @large, $small;
is(scalar(grep { /^$uuid$/m } @outputs, $output), 4, 'all of them are written when the worker goes on');
is($node->safe_psql('postgres', q{SELECT count(*) FROM eventlog.events WHERE event_name = 'large' AND length(metadata->>'text') = 1047000}),
	3, '... whole');
is(count_events('withdrawn'), 0, '... and nothing that was withdrawn');
like(outcome(sprintf($large, 5)), qr/^$uuid$/m, 'the room is free again');

# Events that wait together are committed together.

$worker = stop_worker();
@outputs = ('') x 5;
my @together = map { start_psql(q{SELECT eventlog.log_event_autonomous('together')}, \$outputs[$_]) } 0 .. 4;
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 5 FROM pg_stat_activity WHERE query ~ 'together' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'five calls wait');
kill 'CONT', $worker;
$_->finish foreach @together;
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT xid) FROM eventlog.events WHERE event_name = 'together'}), '5|1',
	'... and are written in one transaction');

# Cancelled at any moment: an error without a word of the event means that it is not there, one with an id that it is. The
# sleep makes sure that the cancel comes inside the block that looks what it met. The time-outs grow until some calls have
# written their event, because a busy machine takes longer.

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION log_until_cancelled() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    id uuid;
    detail text;
BEGIN
    BEGIN
        id := eventlog.log_event_autonomous('cancelled');
        PERFORM pg_sleep(600);
    EXCEPTION WHEN query_canceled THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    END;
    RETURN coalesce('returned ' || id, detail);
END $$;
SQL
my (@certain, @unknown);
for (my ($round, $unit) = (1, 1); $round <= 200 || !@certain && $unit < 1000; $round++)
{
	$unit *= 2 if $round > 200 && $round % 8 == 0;
	my $result = outcome('SELECT log_until_cancelled()', undef, 'statement_timeout = ' . $unit * (1 + $round % 8));
	push @certain, $1 if $result =~ /^(?:returned |The event was written, with the id )($uuid)/m;
	push @unknown, $1 if $result =~ /^The event may have been written, with the id ($uuid)\./m;
}
my @found = split /\n/, $node->safe_psql('postgres', q{SELECT event_id FROM eventlog.events WHERE event_name = 'cancelled'});
my %certain = map { $_ => 1 } @certain;
my %unknown = map { $_ => 1 } @unknown;
cmp_ok(scalar @certain, '>', 0, 'calls cancelled at some moment');
is(join(' ', grep { !$certain{$_} && !$unknown{$_} } @found), '', '... have written nothing that they do not tell of');
my %found = map { $_ => 1 } @found;
is(join(' ', grep { !$found{$_} } @certain), '', '... and all that they tell of');

# The worker waits for a lock of another session: so do the callers. The least timeout here is longer than the worker waits.

my $patient = q{eventlog.autonomous_timeout = '10min'};
my $locker = $node->background_psql('postgres', on_error_stop => 1);
$locker->query_safe('BEGIN; LOCK TABLE eventlog.events IN SHARE MODE');
$error = outcome(q{SELECT eventlog.log_event_autonomous('cancelled in vain')}, undef, q{statement_timeout = '200ms'});
like($error, qr/^ERROR:  57014:/, 'a call cancelled while the worker waits for a lock');
unlike($error, qr/The event was written/, '... whose event was not written');
$error = outcome(q{SELECT eventlog.log_event_autonomous('out of time')}, undef, q{eventlog.autonomous_timeout = '3s'});
like($error, qr/^ERROR:  (?:55000: autonomous event was not written|40003: autonomous event was not confirmed) within/,
	'one that runs out of time');
$output = '';
my $waiter = start_psql("SET $patient; SELECT eventlog.log_event_autonomous('waited')", \$output);
ok($node->poll_query_until('postgres', <<'SQL'), 'one that waits longer than the worker waits for a lock');
SELECT count(*) = 1 FROM pg_stat_activity
WHERE query ~ 'waited' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension' AND query_start < clock_timestamp() - interval '3 s'
SQL
is(count_events('waited'), 0, '... has not written it');
$locker->query_safe('COMMIT');
$waiter->finish;
like($output, qr/^$uuid$/m, '... writes it when the lock is gone');
is(join(' ', map { count_events($_) } 'cancelled in vain', 'out of time', 'waited'), '0 0 1', '... and only this one');

# The caller's own transaction holds the lock, or another session waits for the caller in front of the worker.

$error = outcome(q{BEGIN; LOCK TABLE eventlog.events IN SHARE MODE; SELECT eventlog.log_event_autonomous('locked')}, undef, $patient);
like($error, qr/^ERROR:  55P03: autonomous event was not written because the log is locked/, 'a caller in the way of the worker');
like($error, qr/^DETAIL:  The worker that writes it waits for a lock that the caller's own transaction holds or awaits\./m, '... is told so');
my $logs = $node->background_psql('postgres', on_error_stop => 0);
$logs->query_safe("SET $patient; BEGIN; SELECT eventlog.log_event('in the way')");
$locker->query_until(qr/begun/, "\\echo begun\nBEGIN; LOCK TABLE eventlog.events IN SHARE MODE;\n");
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_locks WHERE relation = 'eventlog.events'::regclass AND mode = 'ShareLock' AND NOT granted}),
	'another session waits for the caller');
$output = '';
my $bystander = start_psql("SET $patient; SELECT eventlog.log_event_autonomous('beside')", \$output);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'beside' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'... and a third one for the worker');
$logs->query(q{SELECT eventlog.log_event_autonomous('locked')});
like($logs->{stderr}, qr/autonomous event was not written because the log is locked/, 'a caller in the way of both is refused');
$logs->{stderr} = '';
$logs->query_safe('ROLLBACK');
$locker->query_safe('ROLLBACK');
$bystander->finish;
like($output, qr/^$uuid$/m, '... and the third one is served');
is(join(' ', map { count_events($_) } 'locked', 'beside'), '0 1', '... alone');
$logs->quit;

# A trigger that is slow: the worker has taken the event, and the caller has no more time.

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION hold_slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event_name = 'slow' THEN PERFORM pg_advisory_xact_lock_shared(7); END IF;
    IF NEW.event_name = 'bad' THEN RAISE 'bad one' USING ERRCODE = 'EV002'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_slow BEFORE INSERT ON eventlog.events FOR EACH ROW EXECUTE FUNCTION hold_slow();
ALTER FUNCTION hold_slow() SET lock_timeout = '3min';
SQL
$locker->query_safe('SELECT pg_advisory_lock(7)');
$error = outcome(q{SELECT eventlog.log_event_autonomous('slow')}, undef, q{eventlog.autonomous_timeout = '200ms'});
like($error, qr/^ERROR:  40003: autonomous event was not confirmed within eventlog\.autonomous_timeout/, 'an answer that does not come');
my ($unconfirmed) = $error =~ /DETAIL:  The limit is 200 ms\. The event may have been written, with the id ($uuid)\./;
ok(defined $unconfirmed, '... tells the id') or diag($error);
# While the worker is in that trigger, several come that it will take together: a bad one fails alone.
@outputs = ('') x 9;
my @calls = map { start_psql(sprintf(q{SELECT eventlog.log_event_autonomous('%s')}, $_ == 4 ? 'bad' : 'good'), \$outputs[$_]) } 0 .. 8;
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 9 FROM pg_stat_activity WHERE query ~ '(good|bad)' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'nine calls wait behind it');
$locker->query_safe('SELECT pg_advisory_unlock(7)');
$_->finish foreach @calls;
is(scalar(grep { /^$uuid$/m } @outputs), 8, 'all but one are written');
like($outputs[4], qr/^ERROR:  EV002: bad one/, '... and that one says why');
is(count_events('good'), 8, '... once each');
is($node->safe_psql('postgres', "SELECT event_name FROM eventlog.events WHERE event_id = '$unconfirmed'"), 'slow',
	'the one that was not confirmed is there, under its id');
$node->safe_psql('postgres', 'DROP TRIGGER hold_slow ON eventlog.events');
$locker->quit;

# Two databases: each has its own worker, and neither waits for the other's.

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION eventlog');
like(outcome(q{SELECT eventlog.log_event_autonomous('elsewhere')}, 'other'), qr/^$uuid$/m, 'in another database');
$worker = stop_worker();
$output = '';
$waiting = start_psql(q{SELECT eventlog.log_event_autonomous('elsewhere')}, \$output);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'elsewhere' AND pid <> pg_backend_pid() AND wait_event_type = 'Extension'}),
	'... while a call waits in the first');
like(outcome(q{SELECT eventlog.log_event_autonomous('elsewhere')}, 'other'), qr/^$uuid$/m, '... it goes on');
kill 'CONT', $worker;
$waiting->finish;
is(join(' ', count_events('elsewhere'), count_events('elsewhere', 'other')), '1 2', 'each event is in its own database');

# No worker may be there.

configure($node, 'eventlog.databases' => 'other');
wait_until('the worker has gone', sub { worker_pid($node) eq '' });
$error = outcome(q{SELECT eventlog.log_event_autonomous('nobody')});
like($error, qr/^ERROR:  55000: autonomous events cannot be logged in this database because it has no worker/, 'without a worker: refused at once');
like($error, qr/DETAIL:  The setting eventlog\.databases does not list the database\./, '... for this reason');
configure($node, 'eventlog.databases' => '');
like(outcome(q{SELECT eventlog.log_event_autonomous('somebody')}), qr/^$uuid$/m, 'one is asked for, and waited for, where it may be');
is(count_events('nobody'), 0, 'what was refused is not there');

# The key of a transaction that is still open: the call waits for its end.

my $twin = $node->background_psql('postgres', on_error_stop => 1);
foreach my $end ('ROLLBACK', 'COMMIT')
{
	$twin->query_safe('BEGIN');
	my $first = $twin->query_safe("SELECT eventlog.log_event('twin.$end', idempotency_key => 'twin-$end')");
	$output = '';
	$waiting = start_psql("SELECT eventlog.log_event_autonomous('twin.$end', idempotency_key => 'twin-$end')", \$output);
	ok($node->poll_query_until('postgres',
			q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'log_event_autonomous..twin' AND wait_event = 'transactionid'}),
		"the twin of an open transaction waits for its $end");
	like(outcome(q{SELECT eventlog.log_event_autonomous('not held up')}), qr/^$uuid$/m, '... and holds up nobody');
	$twin->query_safe($end);
	$waiting->finish;
	my ($second) = $output =~ /^($uuid)$/m;
	is(count_events("twin.$end"), 1, '... then there is one event');
	ok($end eq 'COMMIT' ? $second eq $first : $second ne $first, '... and its id is the answer');
}
$twin->quit;

# It is forwarded like any other.

my $receiver = EventReceiver->start;
create_target($node, 'statsig', url => $receiver->url('/v1/log_event'));
wait_for_state($node, 'statsig', 'running');
$id = outcome(q{BEGIN; SELECT eventlog.log_event_autonomous('forwarded', forward_to_statsig => true); ROLLBACK;});
wait_for_ids($receiver, 1);
is(join(' ', $receiver->ids), $id, 'a flagged one arrives at the endpoint though its caller rolled back');

# Synchronous replication: each caller waits as its own commit would, and holds up nobody.

configure($node, synchronous_standby_names => 'nowhere');
my $unreplicated = qr/^WARNING:  \S+ canceling wait for synchronous replication due to user request.*^$uuid$/ms;
wait_until('a call waits for a standby that is not there',
	sub { outcome(q{SELECT eventlog.log_event_autonomous('standby')}, undef, q{statement_timeout = '300ms'}) =~ $unreplicated });
$output = '';
$waiting = start_psql(q{SELECT eventlog.log_event_autonomous('standby')}, \$output);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'standby' AND wait_event = 'SyncRep'}),
	'a call waits for a standby');
like(outcome(q{SELECT eventlog.log_event_autonomous('standby')}, undef, q{synchronous_commit = local}), qr/\A$uuid\z/,
	'... and holds up none that does not want to');
configure($node, synchronous_standby_names => '');
$waiting->finish;
like($output, qr/\A$uuid\s*\z/, '... and returns when none is wanted any more');

# DROP EXTENSION with calls under way leaves nobody waiting.

$callers = start_pgbench($node, '-c', 4, '-t', 1000000, '-f', $giving);
wait_until('some have been written', sub { my $n = count_events('given'); $n > CLIENTS * 100 });
my $log_so_far = -s $node->logfile;
$node->safe_psql('postgres', 'SET eventlog.allow_drop = on; DROP EXTENSION eventlog CASCADE');
ok(!$callers->finish, 'calls end when the extension is dropped under them');
unlike(slurp_file($node->logfile, $log_so_far), qr/within eventlog\.autonomous_timeout/, '... at once');

is_free_of_crashes($node, 1);
$node->stop;
$receiver->stop;
done_testing();
