# Events that have been sent, or could not be sent, are sent again: dead letters by redrive, history by rewind_target; and wait_for_forward
# tells when an event has arrived. A batch of a worker that was killed is sent again as it was.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use TargetScenario;
use Test::More;

my ($node, $receiver) = start_scenarios('redrive');

my $bad = { kind => 'refuse_events', names => ['bad'] };

sub redrive { return sql("SELECT eventlog.redrive('t'" . join('', map { ", $_" } @_) . ')') }

# Waits until no dead letter waits to be sent again.
sub redriven
{
	wait_until('nothing waits to be sent again',
		sub { sql('SELECT count(*) FROM eventlog.dead_letters WHERE redriven_at IS NOT NULL') eq '0' });
	return;
}

# Logs good and bad events, and waits until the bad ones are dead letters; the ids of the bad ones.
sub bury
{
	my (@names) = @_;
	$receiver->faults($bad);
	my @ids = log_events($node, @names);
	my @dead = map { $ids[$_] } grep { $names[$_] eq 'bad' } 0 .. $#names;
	wait_until('the bad ones are dead letters', sub { dead_letters($node, 't') == @dead });
	settle();
	return @dead;
}

scenario 'redrive of all, of one, and of those with a reason' => {}, sub {
	my @dead = bury('good', 'bad', 'bad', 'bad', 'good');
	is(redrive(), 3, 'redrive tells how many it has marked');
	redriven();
	dead_ids_are(\@dead, 'refused again, they are dead letters again');
	is_deeply([ map { $_->{attempts} > 1 } dead_letters($node, 't') ], [ (1) x 3 ], '... with more attempts');
	status_is({ state => 'running', sent => 2, dead => 3, lag_events => 0 }, '... and the target goes on');

	$receiver->faults;
	is(redrive("'$dead[1]'"), 1, 'one of them');
	wait_for_ids($receiver, 3);
	redriven();
	dead_ids_are([ @dead[ 0, 2 ] ], '... is no dead letter any more');
	is(redrive('NULL', 'NULL', q{'%500%'}), 0, 'none with another reason');
	is(redrive(q{'epoch'}, q{'infinity'}, q{'%answered 400'}), 2, 'the rest');
	wait_for_ids($receiver, 5);
	redriven();
	dead_ids_are([], 'none is left');
	is(redrive(), 0, 'nothing to redrive');
	status_is({ state => 'running', sent => 5, dead => 3 }, 'they count as sent');
};

scenario 'redrive of many, beside new events' => { batch_events => 50 }, sub {
	my @dead = bury(('bad', 'good') x 120);
	$receiver->faults;
	# They commit together, so that the worker sees both at once.
	my ($marked, @live) = split /\n/, sql(<<'SQL');
BEGIN;
SELECT eventlog.redrive('t');
SELECT eventlog.log_event('good', forward_to_statsig => true) FROM generate_series(1, 10);
COMMIT;
SQL
	is($marked, 120, 'all are marked');
	wait_for_ids($receiver, 250);
	redriven();
	dead_ids_are([], 'all have arrived');
	my @requests = $receiver->requests;
	my %position = map { my $i = $_; map { $_ => $i } @{ $requests[$i]{ids} } } 0 .. $#requests;
	cmp_ok($position{ $live[0] }, '<', $position{ $dead[-1] }, 'new events do not wait for all of them');
	settle();
	status_is({ state => 'running', sent => 250 }, 'the target goes on');
};

scenario 'redrive with an endpoint that is down: they wait with the others' => {}, sub {
	my @dead = bury('bad', 'good');
	$receiver->faults({ kind => 'status', status => 503 });
	redrive();
	wait_for_state($node, 't', 'waiting');
	is(sql('SELECT count(*) FROM eventlog.dead_letters WHERE redriven_at IS NOT NULL'), 1, 'it waits');
	my $worker = worker_pid($node);
	sql("SELECT pg_terminate_backend($worker)");
	wait_until('another worker runs', sub { (worker_pid($node) || $worker) ne $worker });
	$receiver->faults;
	wait_for_ids($receiver, 2);
	redriven();
	dead_ids_are([], 'it arrives when the endpoint is back, though another worker runs');
};

scenario 'redrive of an event that the endpoint has no time for: the log goes on beside it' => { timeout_ms => 300 }, sub {
	my ($dead) = bury('good', 'bad', 'good');
	$receiver->faults({ kind => 'refuse_events', ids => [$dead], status => 408 });
	redrive();
	wait_until('it has been tried again', sub { forward_status($node, 't')->{retried} >= 2 });
	my @live = map { log_events($node, 'good') } 1 .. 10;
	wait_for_ids($receiver, 12);
	is(sql('SELECT count(*) FROM eventlog.dead_letters WHERE redriven_at IS NOT NULL'), 1, 'new events have arrived, it waits');
	is(sql(q{SELECT eventlog.purge_dead_letters('t', 'infinity')}), 1, 'it is purged');
	wait_until('the target goes on', sub { forward_status($node, 't')->{state} eq 'running' });
};

scenario 'a run of bad events longer than a batch does not stop the target' => { batch_events => 10 }, sub {
	my @dead = bury(('bad') x 35, 'good');
	dead_ids_are(\@dead, 'they are dead letters, since another has passed');
	cmp_ok($receiver->stats->{duplicate_ids}, '<=', 4, 'what passed beside them has been sent again once a batch');
};

scenario 'purged dead letters are gone' => {}, sub {
	bury('bad', 'good');
	is(sql(q{SELECT eventlog.purge_dead_letters('t', 'infinity')}), 1, 'one is purged');
	is(redrive(), 0, 'nothing to redrive');
};

scenario 'rewind_target replays history' => {}, sub {
	my @ids = log_events($node, ('good') x 5);
	arrived_are(\@ids, 'all have arrived');
	my $all = sql(q{SELECT count(*) FROM eventlog.events WHERE metadata @> '{"_eventLog": {"forwardToStatsig": true}}'});
	sql(qq{SELECT eventlog.rewind_target('t', '$ids[2]')});
	wait_until('those behind the third have arrived again', sub { $receiver->stats->{duplicate_ids} == 2 });
	settle();
	sql(q{SELECT eventlog.rewind_target('t', 'beginning')});
	wait_until('all have arrived again', sub { $receiver->stats->{accepted_events} == 7 + $all });
	settle();
	sql(q{SELECT eventlog.rewind_target('t', 'now')});
	push @ids, log_events($node, 'good');
	wait_until('another has arrived', sub { $receiver->stats->{accepted_events} > 7 + $all });
	settle();
	is($receiver->stats->{accepted_events}, 8 + $all, 'from now on, only what is new');
	status_is({ state => 'running', lag_events => 0, position => $ids[-1] }, 'the target goes on');
};

scenario 'rewind_target over a dead letter that is taken now' => {}, sub {
	my ($dead) = bury('good', 'bad', 'good');
	$receiver->faults;
	sql(q{SELECT eventlog.rewind_target('t', 'beginning')});
	wait_until('it is no dead letter any more', sub { dead_letters($node, 't') == 0 });
	is(sql("SELECT eventlog.wait_for_forward('$dead', 't', '60 s')"), 't', 'it has arrived');
};

scenario 'rewind_target beside a request under way' => {}, sub {
	my @ids = log_events($node, ('good') x 3);
	arrived_are(\@ids, 'all have arrived');
	$receiver->faults({ kind => 'hang', count => 1 });
	push @ids, log_events($node, 'good');
	wait_until('a request hangs', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql(qq{SELECT eventlog.rewind_target('t', '$ids[0]')});
	wait_until('all behind the first have arrived again', sub { $receiver->stats->{accepted_events} == 6 });
	settle();
	status_is({ state => 'running', lag_events => 0, position => $ids[-1] }, 'the target goes on');
};

scenario 'wait_for_forward' => {}, sub {
	my ($id) = log_events($node, 'good');
	is(sql("SELECT eventlog.wait_for_forward('$id', 't', '60 s')"), 't', 'true once it has arrived');
	is_deeply([ $receiver->ids ], [$id], '... and it has');
	is(sql("SELECT eventlog.wait_for_forward('$id', 't', '0')"), 't', '... at once');
	my ($dead) = bury('bad', 'good');
	is(sql("SELECT eventlog.wait_for_forward('$dead', 't', '60 s')"), 'f', 'false for a dead letter');
	$receiver->faults({ kind => 'status', status => 503 });
	my ($late) = log_events($node, 'good');
	is(sql("SELECT eventlog.wait_for_forward('$late', 't', '300 ms')"), 'f', 'false when it takes too long');
	$receiver->faults;
	is(sql("SELECT eventlog.wait_for_forward('$late', 't', '60 s')"), 't', 'true when the endpoint is back');
};

scenario 'max_in_flight: batches under way at once, settled in order' => { batch_events => 10, max_in_flight => 4 }, sub {
	$receiver->faults({ kind => 'hold' });
	my @ids = log_events($node, ('good') x 80);
	wait_for_held($receiver, 4);
	$receiver->faults;
	wait_for_ids($receiver, 80);
	settle();
	is_deeply([ sort $receiver->ids ], [ sort @ids ], 'all have arrived');
	is($receiver->stats->{duplicate_ids}, 0, '... once');
	status_is({ state => 'running', sent => 80, position => $ids[-1] }, 'the target goes on');
	$receiver->faults({ kind => 'status', status => 503 });
	push @ids, log_events($node, ('good') x 80);
	wait_for_state($node, 't', 'waiting');
	wait_until('a single request tries', sub { forward_status($node, 't')->{retried} >= 6 });
	cmp_ok(forward_status($node, 't')->{in_flight}, '<=', 1, '... at a time');
	$receiver->faults($bad, { kind => 'delay', ms => 50 });
	push @ids, my @more = log_events($node, ('good') x 15, 'bad', ('good') x 14);
	wait_for_ids($receiver, 189);
	settle();
	dead_ids_are([ $more[15] ], 'a bad event among them is a dead letter');
	is($receiver->stats->{duplicate_ids}, 0, 'nothing has arrived twice');
};

# The batches that the endpoint has been sent, each as its ids.
sub batches { return map { join ' ', @{ $_->{ids} } } $receiver->requests }

foreach my $in_flight (1, 3)
{
	scenario "a killed worker's batches are sent again as they were, $in_flight at once" =>
	  { batch_events => 20, max_in_flight => $in_flight, timeout_ms => 60000 }, sub {
		$receiver->faults({ kind => 'delay', ms => 100 });
		sql(q{SELECT count(eventlog.log_event('e' || i, forward_to_statsig => i % 7 = 0)) FROM generate_series(1, 2100) i});
		wait_for_ids($receiver, 60);
		my @before = batches();
		my $worker = worker_pid($node);
		kill 'KILL', $worker;
		wait_until('the server runs again', sub { eval { sql('SELECT 1') } });
		$receiver->faults;
		wait_for_ids($receiver, 300);
		settle();
		my (%times, %batch_of);
		$times{$_}++ foreach @before, batches();
		foreach my $batch (keys %times) { push @{ $batch_of{$_} }, $batch foreach split / /, $batch }
		is(scalar(grep { @{ $batch_of{$_} } > 1 } keys %batch_of), 0, 'no event is in two different batches');
		is(scalar keys %batch_of, 300, 'every event is in one');
		note sprintf '%d batches before the kill, %d sent twice', scalar @before, scalar grep { $_ > 1 } values %times;
	  };
}

end_scenarios(2);
done_testing();
