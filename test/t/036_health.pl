# eventlog.health() tells of what is wrong with the worker, of a target that lags, of a prepared transaction, and is content with
# a standby; it says ok again when that is over.
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
my $node = start_eventlog('health',
	'wal_level = replica',
	'max_wal_senders = 4',
	'max_prepared_transactions = 4',
	'eventlog.max_retry_interval = 400ms',
	'eventlog.poll_interval = 200ms');

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub health { return decode_json(($_[0] // $node)->safe_psql('postgres', 'SELECT eventlog.health()')) }

# The names of the checks that are not ok, each with its status.
sub troubles
{
	my ($health) = @_;
	my $checks = $health->{checks};
	return join ' ', map { "$_:$checks->{$_}{status}" } grep { $checks->{$_}{status} ne 'ok' } sort keys %$checks;
}

# Waits until these and no others are not ok; the answer.
sub wait_for_troubles
{
	my ($expected) = @_;
	my $health;
	wait_until("health is [$expected]", sub { $health = health(); troubles($health) eq $expected });
	is($health->{status}, $expected eq '' ? 'ok' : 'degraded', "status with troubles [$expected]");
	return $health;
}

wait_for_troubles('');
sql('SELECT eventlog.maintain()');
sql(target_ddl('sink', $receiver->url('/ndjson'), batch_events => 10));
log_events($node, ('a') x 5);
wait_for_ids($receiver, 5);
my $well = wait_for_troubles('');
is($well->{checks}{forwarder}{state}, 'running', 'the worker runs');
is($well->{checks}{forwarder}{pid}, worker_pid($node), '... as this process');
is_deeply($well->{checks}{targets}{states}, { sink => 'running' }, '... and so does the target');
ok(!$well->{checks}{database}{inRecovery}, 'a primary');

subtest 'a worker that is not allowed, and one that fails' => sub {
	configure($node, 'eventlog.databases' => 'elsewhere');
	my $health = wait_for_troubles('forwarder:degraded');
	is($health->{checks}{forwarder}{pid}, undef, 'there is no process');
	sql('ALTER SYSTEM RESET eventlog.databases');
	sql('SELECT pg_reload_conf()');
	wait_for_troubles('');
	my $before = worker_pid($node);
	sql("SELECT pg_terminate_backend($before)");
	wait_until('another worker is known', sub { (health()->{checks}{forwarder}{pid} // $before) != $before });
	wait_for_troubles('');
};

subtest 'a target that lags' => sub {
	my $late = $node->background_psql('postgres', on_error_stop => 1);
	$late->query_safe('BEGIN');
	my $late_id = $late->query_safe(q{SELECT eventlog.log_event('late')});
	log_events($node, ('a') x 5);
	wait_for_ids($receiver, 10);
	wait_until('they are settled', sub { forward_status($node, 'sink')->{lag_events} == 0 });
	is(sql(q{SELECT eventlog_internal.oldest_waiting('sink')}), '', 'nothing waits');
	$receiver->close_port;
	my @ids = log_events($node, ('a') x 50);
	is(sql(q{SELECT eventlog_internal.oldest_waiting('sink')}), sql("SELECT ingested_at FROM eventlog.events WHERE event_id = '$ids[0]'"),
		'the first of a batch that waits');
	configure($node, 'eventlog.health_max_lag' => 1);
	my $health = wait_for_troubles('forwardLag:degraded');
	is($health->{checks}{forwardLag}{target}, 'sink', 'the target is named');
	is($health->{checks}{forwardLag}{threshold}, 1, '... with the threshold');
	cmp_ok($health->{checks}{forwardLag}{seconds}, '>', 1, '... which is passed');
	is_deeply($health->{checks}{targets}{states}, { sink => 'waiting' }, 'the target is waiting');
	$late->query_safe('COMMIT');
	$late->quit;
	is(sql(q{SELECT eventlog_internal.oldest_waiting('sink')}), sql("SELECT ingested_at FROM eventlog.events WHERE event_id = '$late_id'"),
		'an event that was logged before all that has been read, and committed late');
	sql(q{SELECT eventlog.pause_target('sink')});
	wait_for_troubles('');
	sql(q{SELECT eventlog.resume_target('sink')});
	$receiver->open_port;
	wait_for_ids($receiver, 61);
	wait_for_troubles('');
};

subtest 'a target that is unauthorized, and dead letters' => sub {
	$receiver->faults({ kind => 'status', status => 401 });
	log_events($node, 'a');
	wait_for_troubles('targets:degraded');
	$receiver->faults;
	wait_for_ids($receiver, 62);
	wait_for_troubles('');
	configure($node, 'eventlog.health_max_dead_letters' => 0);
	$receiver->faults({ kind => 'refuse_events', names => ['bad'] });
	log_events($node, 'a', 'bad', 'a');
	wait_for_troubles('deadLetters:degraded');
	$receiver->faults;
	sql(q{SELECT eventlog.redrive('sink')});
	wait_for_troubles('');
};

subtest 'a prepared transaction that nobody ends' => sub {
	configure($node, 'eventlog.health_max_transaction_age' => 1);
	sql(q{BEGIN; SELECT eventlog.log_event('prepared'); PREPARE TRANSACTION 'forgotten'});
	my $health = wait_for_troubles('transactionAge:degraded');
	is($health->{checks}{transactionAge}{prepared}, 'forgotten', 'it is named');
	sql(q{ROLLBACK PREPARED 'forgotten'});
	wait_for_troubles('');
};

subtest 'a table that is locked: that check is unknown, and the others do not wait' => sub {
	my $locker = $node->background_psql('postgres', on_error_stop => 1);
	$locker->query_safe('BEGIN; LOCK eventlog.dead_letters');
	my $health = health();
	is($health->{checks}{deadLetters}{status}, 'unknown', 'unknown');
	like($health->{checks}{deadLetters}{error}, qr/lock timeout/, '... and why');
	is($health->{checks}{partitionsAhead}{status}, 'ok', 'another is known');
	$locker->query_safe('COMMIT');
	$locker->quit;
	wait_for_troubles('');
};

subtest 'a standby' => sub {
	$node->backup('standby');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($node, 'standby', has_streaming => 1);
	$standby->start;
	$node->wait_for_catchup($standby);
	my $health = health($standby);
	is(troubles($health), '', 'is well');
	is($health->{status}, 'ok', '... as a whole');
	ok($health->{checks}{database}{inRecovery}, '... in recovery');
	is($health->{checks}{forwarder}{state}, 'none', '... without a worker');
	my ($code, undef, $error) = $standby->psql('postgres', q{SELECT eventlog.erase_actor(NULL, 'nobody')});
	isnt($code, 0, 'nothing is erased there');
	like($error, qr/cannot execute eventlog\.erase_actor\(\) in a read-only transaction/, '... and the error says why');
	$standby->stop;
};

is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
