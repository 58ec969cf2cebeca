# A transaction that logs and stays open delays its own events and nobody else's: they arrive in a later window, or never
# when it rolls back. All by the order of what happens, nothing by time.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant OPEN_TRANSACTIONS => 200;

my $receiver = EventReceiver->start;
my $node = start_eventlog('long_transaction',
	'max_connections = 250',
	'max_prepared_transactions = 10',
	'autovacuum = off',
	'eventlog.poll_interval = 200ms');
create_target($node, 'statsig', url => $receiver->url('/v1/log_event'));

# Names of events by their ids.
my %name;

# Logs an event in this session, and in its open transaction if there is one.
sub log_in
{
	my ($session, $name) = @_;
	my $id = $session->query_safe("SELECT eventlog.log_event('$name', forward_to_statsig => true)");
	$name{$id} = $name;
	return $id;
}

# Names of what has arrived, once so many events have, in the order of arrival.
sub arrived
{
	my ($count) = @_;
	wait_for_ids($receiver, $count);
	return join ' ', map { $name{$_} } $receiver->ids;
}

sub window
{
	return $node->safe_psql('postgres', q{SELECT win FROM eventlog.reader_window WHERE name = 'statsig'});
}

my $long = $node->background_psql('postgres', on_error_stop => 1);
my $short = $node->background_psql('postgres', on_error_stop => 1);

# A transaction that commits.

log_in($short, 'before');
is(arrived(1), 'before', 'an event logged before');
$long->query_safe('BEGIN');
log_in($long, 'long.1');
log_in($short, 'short.1');
is(arrived(2), 'before short.1', 'an open transaction delays no event of others');
log_in($long, 'long.2');
log_in($short, 'short.2');
is(arrived(3), 'before short.1 short.2', '... however many windows pass');
is(forward_status($node, 'statsig')->{lag_events}, 0, '... and its events are no lag while nobody can see them');
my $window = window();
$long->query_safe('COMMIT');
is(arrived(5), 'before short.1 short.2 long.1 long.2', 'its own arrive when it has committed, in their order');
cmp_ok(window(), '>', $window, '... in a later window');
log_in($short, 'after');
is(arrived(6), 'before short.1 short.2 long.1 long.2 after', 'an event logged after');
$receiver->reset;

# Ids are given when an event is logged: those of a transaction interleave with those of others in its window.

$node->safe_psql('postgres', q{SELECT eventlog.pause_target('statsig')});
$long->query_safe('BEGIN');
log_in($long, 'long.1');
log_in($short, 'short.1');
log_in($long, 'long.2');
$long->query_safe('COMMIT');
log_in($short, 'short.2');
$node->safe_psql('postgres', q{SELECT eventlog.resume_target('statsig')});
is(arrived(4), 'long.1 short.1 long.2 short.2', 'one window is in the order of ids');
$receiver->reset;

# A transaction that rolls back.

$long->query_safe('BEGIN');
log_in($long, 'long.1');
log_in($short, 'short.1');
is(arrived(1), 'short.1', 'a transaction that will roll back delays no event of others');
$long->query_safe('ROLLBACK');
log_in($short, 'short.2');
is(arrived(2), 'short.1 short.2', '... and its own never arrive');
$receiver->reset;

# Subtransactions: more than a snapshot lists.

$long->query_safe('BEGIN');
$long->query_safe('SAVEPOINT kept');
log_in($long, 'long.1');
$long->query_safe('RELEASE kept');
$long->query_safe('SAVEPOINT undone');
log_in($long, 'long.2');
log_in($short, 'short.1');
$long->query_safe('ROLLBACK TO undone');
log_in($long, 'long.3');
my @many = split /\n/, $long->query_safe(<<'SQL');
CREATE FUNCTION pg_temp.log_in_subtransaction(n int) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    RETURN eventlog.log_event('many.' || n, forward_to_statsig => true);
EXCEPTION WHEN division_by_zero THEN
    RETURN NULL;
END $$;
SELECT pg_temp.log_in_subtransaction(n) FROM generate_series(1, 100) AS n;
SQL
$name{ $many[$_] } = "many.$_" for 0 .. $#many;
log_in($short, 'short.2');
is(arrived(2), 'short.1 short.2', 'subtransactions delay no event of others');
$long->query_safe('COMMIT');
is(arrived(104), join(' ', 'short.1 short.2 long.1 long.3', map { "many.$_" } 0 .. $#many),
	'those that were not rolled back arrive with their transaction');
$receiver->reset;

# Prepared transactions, also over a crash.

$long->query_safe('BEGIN');
log_in($long, 'prepared.1');
$long->query_safe(q{PREPARE TRANSACTION 'first'});
$long->query_safe('BEGIN');
log_in($long, 'prepared.2');
$long->query_safe(q{PREPARE TRANSACTION 'second'});
log_in($short, 'short.1');
is(arrived(1), 'short.1', 'a prepared transaction delays no event of others');
$short->query_safe(q{COMMIT PREPARED 'first'});
is(arrived(2), 'short.1 prepared.1', '... and its own arrive when it has committed');
$_->quit foreach $long, $short;
$node->stop('immediate');
$node->start;
$_->reconnect_and_clear foreach $long, $short;
$receiver->reset;
log_in($short, 'short.2');
wait_until('the event after the crash has arrived', sub { grep { $name{$_} eq 'short.2' } $receiver->ids });
unlike(join(' ', map { $name{$_} } $receiver->ids), qr/prepared\.2/, 'one that outlives a crash delays no event of others');
$receiver->reset;
$short->query_safe(q{COMMIT PREPARED 'second'});
is(arrived(1), 'prepared.2', '... and its own arrive when it has committed');
$receiver->reset;
$long->query_safe('BEGIN');
log_in($long, 'prepared.3');
$long->query_safe(q{PREPARE TRANSACTION 'third'});
log_in($short, 'short.3');
is(arrived(1), 'short.3', 'a prepared transaction that will roll back');
$short->query_safe(q{ROLLBACK PREPARED 'third'});
log_in($short, 'short.4');
is(arrived(2), 'short.3 short.4', '... sends nothing');
$receiver->reset;

# Many open transactions, of which each second one rolls back. A lock of the test ends them all.

my $script = "$PostgreSQL::Test::Utils::tmp_check/open.sql";
open my $file, '>', $script or die "$script: $!";
print $file <<'SQL';
BEGIN;
SELECT eventlog.log_event('open', jsonb_build_object('client', :client_id), forward_to_statsig => true);
SAVEPOINT s;
SELECT eventlog.log_event('open', jsonb_build_object('client', :client_id), forward_to_statsig => true);
SELECT pg_advisory_xact_lock_shared(1);
\if :client_id % 2 = 0
COMMIT;
\else
ROLLBACK;
\endif
SQL
close $file;
$long->query_safe('SELECT pg_advisory_lock(1)');
my $writers = start_pgbench($node, '-c', OPEN_TRANSACTIONS, '-t', 1, '-f', $script);
ok($node->poll_query_until('postgres',
		q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}, OPEN_TRANSACTIONS),
	'many transactions are open at once');
log_in($short, "short.$_") foreach 1 .. 5;
is(arrived(5), join(' ', map { "short.$_" } 1 .. 5), 'they delay no event of others');
$long->query_safe('SELECT pg_advisory_unlock(1)');
ok($writers->finish, '... and end');
log_in($short, 'short.6');
my @expected = split /\n/, $node->safe_psql('postgres', q{SELECT event_id FROM eventlog.events WHERE event_name = 'open' ORDER BY 1});
is(scalar @expected, OPEN_TRANSACTIONS, '... half of them with a commit');
wait_for_ids($receiver, OPEN_TRANSACTIONS + 6);
wait_until('the target has settled', sub { forward_status($node, 'statsig')->{lag_events} == 0 });
my @open = sort grep { !$name{$_} } $receiver->ids;
is("@open", "@expected", 'exactly the events of those have arrived');
is($receiver->stats->{duplicate_ids}, 0, '... once');

$_->quit foreach $long, $short;
is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
