# wait_for_forward, rewind_target and name patterns with a worker and an endpoint; one subtest a rule.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use PostgreSQL::Test::Utils;
use TargetScenario;
use Test::More;
use Time::HiRes qw(sleep time);

my ($node, $receiver) = start_scenarios('target_functions');

# Returns the answer of wait_for_forward, and how many seconds it took.
sub waited
{
	my ($id, $timeout) = @_;
	my $before = time;
	my $said = sql("SELECT eventlog.wait_for_forward('$id', 't', '$timeout')");
	return ($said, time - $before);
}

# ---- wait_for_forward ------------------------------------------------------------------------------------------------

scenario 'wait_for_forward: true once the endpoint has taken the event' => {}, sub {
	$receiver->faults({ kind => 'delay', ms => 1000, count => 1 });
	my ($id) = log_events($node, 'good');
	my ($said, $seconds) = waited($id, '1 min');
	is($said, 't', 'it has arrived');
	is_deeply([ $receiver->ids ], [$id], '... at the endpoint');
	cmp_ok($seconds, '<', 10, '... and the wait has ended with that');
	($said, $seconds) = waited($id, '0');
	is($said, 't', 'it has been there all the time');
};

scenario 'wait_for_forward: false on time-out' => { timeout_ms => 60000 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my ($id) = log_events($node, 'good');
	my ($said, $seconds) = waited($id, '500 ms');
	is($said, 'f', 'it has not arrived');
	cmp_ok($seconds, '>=', 0.5, '... in that time');
	cmp_ok($seconds, '<', 10, '... and not much longer');
};

scenario 'wait_for_forward: false for a dead letter, at once' => {}, sub {
	my ($good) = log_events($node, 'good');
	is((waited($good, '1 min'))[0], 't', 'a good one passes');
	$receiver->faults({ kind => 'refuse_events', names => ['bad'] });
	my ($id) = log_events($node, 'bad');
	log_events($node, 'good');
	my ($said, $seconds) = waited($id, '1 min');
	is($said, 'f', 'the bad one does not');
	cmp_ok($seconds, '<', 30, '... which is known before the time is over');
	dead_ids_are([$id], '... because it is a dead letter');
};

scenario 'wait_for_forward: an event that committed late' => {}, sub {
	my $connection = $node->connstr('postgres');
	my ($late, $early) = split /\n/, sql(<<"SQL");
BEGIN;
SELECT eventlog.log_event('good', forward_to_statsig => true);
\\set early `psql -XAtq -d "$connection" -c "SELECT eventlog.log_event('good', forward_to_statsig => true)"`
\\! psql -XAtq -d "$connection" -c "SELECT eventlog.wait_for_forward((SELECT max(event_id::text)::uuid FROM eventlog.events), 't', '1 min')" >/dev/null
SELECT :'early';
COMMIT;
SQL
	is_deeply([ ($receiver->ids)[0] ], [$early], 'the other arrived while it was open');
	is((waited($late, '1 min'))[0], 't', 'it arrives, though its id is lower');
	is_deeply([ $receiver->ids ], [ $early, $late ], '... behind the other');
};

scenario 'wait_for_forward sees what happens under every isolation level' => {}, sub {
	my $connection = $node->connstr('postgres');
	foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
	{
		my $said = sql(<<"SQL");
BEGIN ISOLATION LEVEL $level;
SELECT count(*) > 0 FROM eventlog.targets;
\\set id `psql -XAtq -d "$connection" -c "SELECT eventlog.log_event('good', forward_to_statsig => true)"`
SELECT eventlog.wait_for_forward(:'id', 't', '1 min');
COMMIT;
SQL
		is($said, "t\nt", "an event committed after the snapshot of $level");
	}
};

scenario 'wait_for_forward can be cancelled, and leaves nothing behind' => { timeout_ms => 60000 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my ($id) = log_events($node, 'good');
	my $before = time;
	my (undef, undef, $error) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSET statement_timeout = '300ms'; SELECT eventlog.wait_for_forward('$id', 't', '1 h')");
	like($error, qr/ERROR:  57014/, 'statement_timeout ends it');
	cmp_ok(time - $before, '<', 20, '... soon');
	is(sql("BEGIN; SAVEPOINT s; SET LOCAL statement_timeout = '300ms'; DO \$\$ BEGIN PERFORM eventlog.wait_for_forward('$id', 't', '1 h');"
			. q{ EXCEPTION WHEN query_canceled THEN NULL; END $$; SELECT 1; COMMIT}), '1', 'a transaction goes on behind it');
};

scenario 'wait_for_forward of a target that is dropped meanwhile' => { timeout_ms => 60000 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my ($id) = log_events($node, 'good');
	my ($out, $error) = ('', '');
	my $waiting = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'),
			'-c', "SELECT eventlog.wait_for_forward('$id', 't', '1 min')" ], '<', \undef, '>', \$out, '2>', \$error);
	ok($node->poll_query_until('postgres',
			q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'wait_for_forward' AND wait_event_type = 'Extension'}),
		'it waits, and shows so');
	is(sql(q{SELECT wait_event FROM pg_stat_activity WHERE query ~ '^SELECT eventlog.wait_for_forward' AND pid <> pg_backend_pid()}),
		sql('SHOW server_version_num') >= 170000 ? 'EventlogWaitForForward' : 'Extension', '... by name where the server has names');
	sql('DROP SERVER t CASCADE');
	$waiting->finish;
	like($error, qr/ERROR:  42704: target "t" does not exist/, 'it is told so');
};

scenario 'wait_for_forward of a target that is rewound past the event meanwhile' => { timeout_ms => 60000 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my ($id) = log_events($node, 'good');
	my ($out, $error) = ('', '');
	my $waiting = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'),
			'-c', "SELECT eventlog.wait_for_forward('$id', 't', '1 min')" ], '<', \undef, '>', \$out, '2>', \$error);
	ok($node->poll_query_until('postgres',
			q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ 'wait_for_forward' AND wait_event_type = 'Extension'}),
		'it waits');
	sql(q{SELECT eventlog.rewind_target('t', 'now')});
	$waiting->finish;
	is($out, '', 'it is not told that the event was sent');
	like($error, qr/ERROR:  22023: target "t" is not sent event/, '... but that it is not');
};

# ---- rewind_target ---------------------------------------------------------------------------------------------------

scenario 'rewind_target replays history' => {}, sub {
	my @ids = log_events($node, ('good') x 5);
	arrived_are(\@ids, 'all have arrived');
	foreach my $case (
		[ 'an id', $ids[1], 2 ],
		[ 'a ULID', sql("SELECT eventlog.ulid('$ids[2]')"), 3 ],
		[ 'a time', sql("SELECT eventlog.event_time('$ids[0]')"), 0 ],
		[ 'now', 'now', 5 ])
	{
		my ($name, $start_at, $first) = @$case;
		$receiver->reset;
		sql("SELECT eventlog.rewind_target('t', '$start_at')");
		my $end = sql(q{SELECT eventlog.log_event('good', forward_to_statsig => true)});
		push @ids, $end;
		$first = $#ids if $name eq 'now';
		arrived_are([ @ids[ $first .. $#ids ] ], "from $name");
	}
};

scenario 'rewind_target to the beginning' => { events => 'rewound.*' }, sub {
	my @ids = map { sql("SELECT eventlog.log_event('rewound.once')") } 1 .. 4;
	arrived_are(\@ids, 'all have arrived');
	$receiver->reset;
	sql(q{SELECT eventlog.rewind_target('t', 'beginning')});
	arrived_are(\@ids, '... and once more, in order');
	status_is({ sent => 8, position => $ids[-1], lag_events => 0 }, 'the target has counted them');
};

scenario 'rewind_target while a request is under way' => { events => 'moved.*', batch_events => 2 }, sub {
	$receiver->faults({ kind => 'hold', count => 1 });
	my @ids = split /\n/, sql(q{SELECT eventlog.log_event('moved.on') FROM generate_series(1, 6)});
	wait_for_held($receiver);
	sql(q{SELECT eventlog.rewind_target('t', 'beginning')});
	$receiver->faults;
	wait_for_ids($receiver, 6);
	settle();
	is_deeply([ $receiver->ids ], \@ids, 'all have arrived, in order');
	cmp_ok($receiver->stats->{duplicate_ids}, '<=', 2, '... none twice but those of that request');
	$receiver->reset;
	$receiver->faults({ kind => 'hang', count => 1 });
	push @ids, sql(q{SELECT eventlog.log_event('moved.on')});
	wait_until('another is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql(q{SELECT eventlog.rewind_target('t', 'now')});
	my $next = sql(q{SELECT eventlog.log_event('moved.on')});
	arrived_are([$next], 'what is passed over by now is not sent');
};

# ---- name patterns ---------------------------------------------------------------------------------------------------

scenario 'events by name patterns, flagged or not' => { events => 'order.*, !order.viewed' }, sub {
	my @names = ('order.paid', 'order.viewed', 'user.created', 'order.item.added', 'reorder.paid', 'order.');
	my %ids = map { $_ => sql("SELECT eventlog.log_event('$_', forward_to_statsig => " . ($_ eq 'order.paid' ? 'false' : 'true') . ')') }
	  @names;
	arrived_are([ @ids{ 'order.paid', 'order.item.added', 'order.' } ], 'those selected have arrived');
	is(forward_status($node, 't')->{lag_events}, 0, '... and no other waits');
	my (undef, undef, $error) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT eventlog.wait_for_forward('$ids{'order.viewed'}', 't', '1 min')");
	like($error, qr/ERROR:  22023/, 'one that is not selected cannot be waited for');
	sql(q{ALTER SERVER t OPTIONS (SET events 'user.*')});
	my $id = sql(q{SELECT eventlog.log_event('user.created')});
	is((waited($id, '1 min'))[0], 't', 'others are, once the option has changed');
};

scenario 'a commit wakes the worker for a target with patterns' => { events => 'woken' }, sub {
	configure($node, 'eventlog.poll_interval' => '10min');
	my $first = sql(q{SELECT eventlog.log_event('woken')});
	is((waited($first, '30 s'))[0], 't', 'an event that is not flagged');
	my ($said, $seconds) = waited(sql(q{SELECT eventlog.log_event('woken')}), '30 s');
	is($said, 't', '... and another');
	cmp_ok($seconds, '<', 10, '... at once');
	configure($node, 'eventlog.poll_interval' => '200ms');
};

end_scenarios();
done_testing();
