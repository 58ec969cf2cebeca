# A poll that waits gets an event when its transaction commits, not when its time is up, whether the library is preloaded or not.
# A writer that stays in its transaction delays nobody else's events, and eventlog.consumers names it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
	WAIT => 170,       # seconds that a poll would wait
	IN_TIME => 60,     # far below, and far above what a loaded machine needs
	POLL_INTERVAL => 600
};

# Far apart, so that it is the commit that wakes a poll.
my $node = start_eventlog('long_poll', 'max_prepared_transactions = 2', 'eventlog.poll_interval = ' . POLL_INTERVAL . 's');
$node->append_conf('postgresql.conf', q{client_min_messages = warning});

sub sql { return $node->safe_psql('postgres', $_[0]) }

# A session with its process id.
sub session
{
	my $psql = $node->background_psql('postgres', on_error_stop => 0);
	return { psql => $psql, pid => $psql->query_safe('SELECT pg_backend_pid()') };
}

# Has the session poll with a long wait, and returns once it waits.
sub start_poll
{
	my ($session, $consumer) = @_;
	$session->{psql}->{stdin} .= "SELECT event_name FROM eventlog.poll('$consumer', 10, '" . WAIT . "s', '1 hour');\n\\echo polled\n";
	$session->{psql}->{stdout} = '';
	$session->{started} = time;
	$session->{psql}->{run}->pump_nb;
	wait_until('the poll waits', sub {
			$session->{psql}->{run}->pump_nb;
			sql("SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $session->{pid}") eq 't' });
	return;
}

# Checks the result of the poll, and that it did so in time.
sub polled_is
{
	my ($session, $expected, $name) = @_;
	my $psql = $session->{psql};
	wait_until("$name: the poll returns", sub { $psql->{run}->pump_nb; $psql->{stdout} =~ /^polled$/m });
	my ($got) = $psql->{stdout} =~ /\A(.*?)\n?polled$/ms;
	is($got, $expected, $name);
	cmp_ok(time - $session->{started}, '<', IN_TIME, '... in time');
	return;
}

foreach my $preloaded (1, 0)
{
	my $way = $preloaded ? 'preloaded' : 'not preloaded';
	if (!$preloaded)
	{
		$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
		$node->restart;
	}
	my ($poller, $writer) = (session(), session());
	sql(q{SELECT eventlog.create_consumer('c'), eventlog.create_consumer('d', 'now', '{wanted.*}')});

	start_poll($poller, 'c');
	$writer->{psql}->query_safe(q{BEGIN; SELECT eventlog.log_event('one')});
	is($poller->{psql}->{stdout}, '', "$way: an event that has not been committed is waited for");
	$writer->{psql}->query_safe('COMMIT');
	polled_is($poller, 'one', '... and its commit ends the wait');

	start_poll($poller, 'd');
	sql(q{SELECT eventlog.log_event('other') FROM generate_series(1, 3)}) foreach 1 .. 5;
	sql(q{SELECT eventlog.log_event('wanted.one')});
	polled_is($poller, 'wanted.one', '... events that are not for the consumer do not');

	# A lease of another poller that ends, and one that is given back.
	my $held = sql(q{SELECT event_id FROM eventlog.poll('c', 1, lease => '2s')});
	sql(q{SELECT event_id FROM eventlog.poll('c', 100, lease => '1 hour')});
	start_poll($poller, 'c');
	polled_is($poller, 'other', '... the end of another lease does');
	start_poll($poller, 'c');
	sql("SELECT eventlog.nack('c', '$held')");
	polled_is($poller, 'other', '... and so does what is given back');

	# A waiting poll can be stopped.
	start_poll($poller, 'c');
	sql("SELECT pg_cancel_backend($poller->{pid})");
	polled_is($poller, '', '... and a cancel');
	like($poller->{psql}->{stderr}, qr/canceling statement due to user request/, '... with its error');
	$poller->{psql}->{stderr} = '';
	start_poll($poller, 'c');
	sql("SELECT pg_terminate_backend($poller->{pid})");
	wait_until('the poller has gone', sub { sql("SELECT count(*) FROM pg_stat_activity WHERE pid = $poller->{pid}") eq '0' });
	pass('... and an administrator');
	is(sql(q{SELECT eventlog.log_event('after') IS NOT NULL}), 't', '... and events are logged after that');

	# A waiting poll holds up no other poller.
	my $waiting = session();
	sql(q{SELECT count(*) FROM eventlog.poll('c', 10000, lease => '1 hour')});
	start_poll($waiting, 'c');
	is(sql(q{SELECT count(*) FROM eventlog.poll('c', lease => '1 hour')}), '0', '... and others poll meanwhile');
	sql('BEGIN; SET LOCAL lock_timeout = ' . IN_TIME * 1000 . '; LOCK TABLE eventlog.events IN ACCESS EXCLUSIVE MODE; COMMIT');
	pass('... nor the dropping of partitions');
	sql("SELECT eventlog.log_event('last')");
	polled_is($waiting, 'last', '... until it is its turn');

	# A writer that stays in its transaction.
	my $idle = session();
	sql(q{SELECT count(*) FROM eventlog.poll('c', 10000, lease => '1 hour')});
	$idle->{psql}->query_safe('BEGIN');
	my $held_id = $idle->{psql}->query_safe(q{SELECT eventlog.log_event('idle')});
	foreach my $number (1 .. 5)
	{
		sql("SELECT eventlog.log_event('quick.$number') FROM generate_series(1, 2)");
		is(sql(q{SELECT string_agg(event_name, ' ') FROM eventlog.poll('c', lease => '1 hour')}),
			"quick.$number quick.$number", "$way: beside an idle writer, events of others are not delayed");
	}
	is(sql(q{SELECT held_by_pid, held_by_prepared IS NULL, held_since < clock_timestamp() FROM eventlog.consumers WHERE name = 'c'}),
		"$idle->{pid}|t|t", '... and eventlog.consumers names the writer');
	is(sql(q{SELECT held_by_xid FROM eventlog.consumers WHERE name = 'c'}),
		sql("SELECT backend_xid FROM pg_stat_activity WHERE pid = $idle->{pid}"), '... and its transaction');
	is(sql("SELECT count(*) FROM eventlog.settled_events WHERE event_id > '$held_id'"), '0', '... which settled_events waits for');
	$idle->{psql}->query_safe(q{PREPARE TRANSACTION 'idle'});
	is(sql(q{SELECT held_by_pid IS NULL, held_by_prepared FROM eventlog.consumers WHERE name = 'c'}),
		't|idle', '... prepared, too');
	is(sql(q{SELECT count(*) FROM eventlog.poll('c', lease => '1 hour')}), '0', '... it has not ended');
	sql(q{COMMIT PREPARED 'idle'});
	is(sql(q{SELECT string_agg(event_name, ' ') FROM eventlog.poll('c', lease => '1 hour')}), 'idle', '... and its event comes when it has');
	is(sql(q{SELECT held_by_pid IS NULL AND held_by_prepared IS NULL FROM eventlog.consumers WHERE name = 'c'}),
		't', '... then nobody is named');
	sql(q{SELECT eventlog.drop_consumer('c'), eventlog.drop_consumer('d')});
	$_->{psql}->quit foreach $writer, $waiting, $idle;
}

# Nothing rings for it, but without preloading a poll looks by itself: while the extension is being dropped.
my $left = session();
sql(q{SELECT eventlog.create_consumer('c')});
start_poll($left, 'c');
sql('BEGIN; SET eventlog.allow_drop = on; DROP EXTENSION eventlog; SELECT pg_sleep(1); COMMIT');
polled_is($left, '', 'the extension is dropped beside a poll that waits');
like($left->{psql}->{stderr}, qr/extension "eventlog" is not installed in this database/, '... which says so');
$left->{psql}->quit;

$node->stop;
is_free_of_crashes($node);
done_testing();
