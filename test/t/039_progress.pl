# Erasing, redriving and rewinding show their progress, before they have committed too, and leave nothing behind however they end.
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

use constant EVENTS => 2500;

my $receiver = EventReceiver->start;
my $node = start_eventlog('progress', 'eventlog.max_retry_interval = 400ms', 'eventlog.poll_interval = 200ms');

sub sql { return $node->safe_psql('postgres', $_[0]) }

my $progress = q{SELECT command, coalesce(target, '-'), phase, done, coalesce(total, -1), started_at <= clock_timestamp() FROM eventlog.progress};

is(sql(qq{SELECT count(eventlog.log_event('spoke', actor_type => 'user', actor_id => 'secret'))
	FROM generate_series(1, @{[ EVENTS ]})}), EVENTS, 'events are logged');
is(sql($progress), '', 'nothing is shown while nothing runs');

# ---- erasing: the second thousand waits for a row that another session has locked ------------------------------------

my $blocker = $node->background_psql('postgres');

# Returns a session whose erasure waits in its second thousand, and its pid.
sub erasing
{
	my $waits = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $waits->query_safe('SELECT pg_backend_pid()');
	$blocker->query_safe('BEGIN; SELECT FROM eventlog.events WHERE event_id =
		(SELECT event_id FROM eventlog.events ORDER BY event_id OFFSET 1500 LIMIT 1) FOR UPDATE');
	$waits->query_until(qr/begun/, "\\echo begun\nSELECT eventlog.erase_actor('user', 'secret');\n");
	wait_until('the erasure waits', sub { sql("$progress WHERE pid = $pid AND done > 0") ne '' });
	return ($waits, $pid);
}

sub is_gone
{
	my ($what) = @_;
	wait_until("$what: nothing is shown any more", sub { sql($progress) eq '' });
	return pass("$what: nothing is shown any more");
}

my ($waits, $pid) = erasing();
is(sql("$progress WHERE pid = $pid"), 'erase_actor|-|erasing events|1000|' . EVENTS . '|t', 'an erasure that has not committed is shown');
is(sql("SELECT query FROM pg_stat_activity WHERE pid = $pid"),
	'eventlog.erase_actor(): erasing events, 1000 of ' . EVENTS, '... also in pg_stat_activity, without what it erases');
is(sql("SELECT count(*) FROM eventlog.progress p WHERE p::text LIKE '%secret%'"), 0, '... nor does the view show it');
sql('CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION eventlog');
is($node->safe_psql('other', 'SELECT count(*) FROM eventlog.progress'), 0, '... nor another database');
sql('CREATE ROLE watcher IN ROLE pg_monitor');
is(sql('SET ROLE watcher; SELECT command FROM eventlog.progress'), 'erase_actor', '... but pg_monitor is shown it');

sql("SELECT pg_cancel_backend($pid)");
is_gone('canceled');
$blocker->query_safe('ROLLBACK');
is(($waits->query('SELECT 7'))[0], 7, '... and the session goes on');
like(sql("SELECT query FROM pg_stat_activity WHERE pid = $pid"), qr{^SELECT 7\s*;$}, '... and is shown as before');
$waits->quit;

($waits, $pid) = erasing();
sql("SELECT pg_terminate_backend($pid)");
is_gone('terminated');
$blocker->query_safe('ROLLBACK');
eval { $waits->quit };

($waits, $pid) = erasing();
$blocker->query_safe('ROLLBACK');
is_gone('finished');
wait_until('it has committed', sub { sql(q{SELECT count(*) FROM eventlog.events WHERE actor_id = 'secret'}) eq '0' });
is(sql("SELECT query FROM pg_stat_activity WHERE pid = $pid"), q{SELECT eventlog.erase_actor('user', 'secret');},
	'... and the statement is shown again');
$waits->quit;
$blocker->quit;

# ---- sending again ----------------------------------------------------------------------------------------------------

# Everything is sent once; then the endpoint is down while the target is rewound.
sql(target_ddl('sink', $receiver->url('/ndjson'), start_at => 'beginning'));
my $all = sql('SELECT count(*) FROM eventlog.events');
wait_for_value($node, 'postgres', 'SELECT lag_events FROM eventlog.forward_status', 0);
is(sql($progress), '', 'a target that reads the log for the first time is not shown');
sql(q{SELECT eventlog.rewind_target('sink', 'now')});
is(sql($progress), '', '... nor one that has nothing to send again');
$receiver->close_port;
sql(q{SELECT eventlog.rewind_target('sink', 'beginning')});
wait_until('the target waits', sub { sql($progress) eq "rewind_target|sink|waiting|0|$all|t" });
is(sql('SELECT pid FROM eventlog.progress'), worker_pid($node), 'a target that is rewound is shown, with the pid of the worker');
sql(q{SELECT eventlog.pause_target('sink')});
is(sql('SELECT phase FROM eventlog.progress'), 'paused', '... and why it does not send');
sql(q{SELECT eventlog.log_event('of later')});
is(sql('SELECT total FROM eventlog.progress'), $all + 1, '... what is logged meanwhile counts, too');
$receiver->open_port;
sql(q{SELECT eventlog.resume_target('sink')});
is_gone('sent again');

# Dead letters that are to be sent again.
sql(q{INSERT INTO eventlog.dead_letters (target, event_id, status, reason, attempts, first_attempt_at, last_attempt_at)
	SELECT 'sink', event_id, 400, 'refused', 1, now(), now() FROM eventlog.events ORDER BY event_id LIMIT 3});
$receiver->close_port;
is(sql(q{SELECT eventlog.redrive('sink')}), 3, 'dead letters are redriven');
wait_until('the target waits', sub { sql($progress) eq 'redrive|sink|waiting|0|3|t' });
pass('... and shown');
sql(q{DELETE FROM eventlog.dead_letters WHERE event_id = (SELECT min(event_id::text)::uuid FROM eventlog.dead_letters)});
is(sql('SELECT done, total FROM eventlog.progress'), '1|3', '... with what has been done');
$receiver->open_port;
is_gone('redriven');

$node->stop;
$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
$node->start;
is(sql($progress), '', 'not preloaded: the view is empty');
is(sql(q{SELECT eventlog.erase_actor('user', 'nobody')}), 0, '... and an erasure needs no shared memory');
$node->stop;
done_testing();
