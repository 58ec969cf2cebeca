# Tests how a target handles every kind of answer; there is one subtest per rule.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use POSIX ();
use PostgreSQL::Test::Utils;
use TargetScenario;
use Test::More;

my ($node, $receiver) = start_scenarios('refusals');

sub answers { return map { $_->{status} } $receiver->requests }

my $bad = { kind => 'refuse_events', names => ['bad'] };

# ---- answers that speak of an event ----------------------------------------------------------------------------------

scenario '400 for one event of many: it becomes a dead letter, the others arrive' => {}, sub {
	$receiver->faults($bad);
	my @ids = log_events($node, ('good') x 249, 'bad', ('good') x 250);
	my ($refused) = splice @ids, 249, 1;
	arrived_are(\@ids, 'the others have arrived in order');
	my ($letter, @others) = dead_letters($node, 't');
	is(scalar @others, 0, 'there is one dead letter');
	is($letter->{event_id}, $refused, 'it is the bad event');
	is($letter->{status}, 400, '... with the status');
	is($letter->{reason}, 'the endpoint answered 400', '... the reason');
	like($letter->{body}, qr/\A\{"success":false,"message":"events\[\d+\]: the name bad is refused"\}\z/, '... the answer');
	is($letter->{attempts}, 10, '... the number of requests that carried it: 500 is halved 9 times');
	cmp_ok($letter->{first_attempt_at}, 'lt', $letter->{last_attempt_at}, '... the first and the last of them');
	status_is({ state => 'running', sent => 499, dead => 1, retried => 0, lag_events => 0, lag_seconds => 0, in_flight => 0,
			position => $ids[-1], last_error => undef, last_error_at => undef, next_attempt_at => undef },
		'the target goes on');
};

scenario '400 to everything: the target stops, and recovers with the endpoint' => {}, sub {
	$receiver->faults({ kind => 'status', status => 400 });
	my @ids = log_events($node, ('good') x 10);
	my $status = wait_for_state($node, 't', 'refused');
	like($status->{last_error}, qr/\Athe endpoint answered 400 to every event of a batch\z/, 'last_error');
	ok(defined $status->{last_error_at} && $status->{next_attempt_at} gt $status->{last_error_at}, 'another attempt is due');
	wait_until('the endpoint has been tried again', sub { forward_status($node, 't')->{retried} >= 2 });
	status_is({ state => 'refused', sent => 0, dead => 0, lag_events => 10, position => undef }, 'nothing is lost');
	cmp_ok(forward_status($node, 't')->{lag_seconds}, '>', 0, '... only late');
	$receiver->faults;
	# The endpoint may be repaired while the batch is being split, so the order is open.
	wait_for_ids($receiver, 10);
	settle();
	is_deeply([ sort $receiver->ids ], \@ids, 'all have arrived');
	is(scalar dead_letters($node, 't'), 0, 'nothing became a dead letter');
	status_is({ state => 'running', sent => 10, lag_events => 0, next_attempt_at => undef }, 'the target goes on');
	retry_never();
	$receiver->faults({ kind => 'status', status => 422 });
	@ids = log_events($node, ('good') x 2);
	wait_for_standstill();
	$receiver->reset;
	sql(q{SELECT eventlog.resume_target('t')});
	arrived_are(\@ids, 'resume_target tries at once');
};

scenario '400 to a lone event before any has passed: no dead letter until another passes' => {}, sub {
	$receiver->faults($bad);
	my ($refused) = log_events($node, 'bad');
	wait_for_state($node, 't', 'refused');
	wait_until('the endpoint has been tried again', sub { forward_status($node, 't')->{retried} >= 2 });
	is(scalar dead_letters($node, 't'), 0, 'it may be the target that is bad');
	arrived_are([ log_events($node, 'good') ], 'another event passes');
	dead_ids_are([$refused], '... so it was the event');
	status_is({ state => 'running', dead => 1, lag_events => 0, next_attempt_at => undef }, 'the target goes on');
};

scenario '400 to a lone event after another has passed: a dead letter' => {}, sub {
	$receiver->faults($bad);
	my @ids = log_events($node, 'good');
	arrived_are(\@ids, 'another event passes');
	my ($refused) = log_events($node, 'bad');
	wait_until('there is a dead letter', sub { dead_letters($node, 't') == 1 });
	my ($letter) = dead_letters($node, 't');
	is("$letter->{event_id} $letter->{attempts}", "$refused 1", 'the event is dead after one attempt');
	status_is({ state => 'running', dead => 1, retried => 0, last_error => undef, position => $refused }, 'the target goes on');
	my ($second) = log_events($node, 'bad');
	wait_for_state($node, 't', 'refused');
	is(scalar dead_letters($node, 't'), 1, 'a second one in a row waits');
	arrived_are([ @ids, log_events($node, 'good') ], '... until another passes');
	dead_ids_are([ $refused, $second ], '... and is dead then');
};

scenario '400 to a lone event, and the next to pass is far behind it' => {}, sub {
	$receiver->faults($bad);
	my ($refused) = log_events($node, 'bad');
	wait_for_state($node, 't', 'refused');
	sql(q{SELECT count(eventlog.log_event('other', forward_to_statsig => false)) FROM generate_series(1, 2000)});
	arrived_are([ log_events($node, 'good') ], 'it passes');
	dead_ids_are([$refused], '... and the other is a dead letter');
};

scenario '400 to the last event of a window, alone in its batch after a restart of the worker' => { batch_events => 10 }, sub {
	$receiver->faults({ %$bad, status => 408 });
	my @ids = log_events($node, ('good') x 10, 'bad');
	my $refused = pop @ids;
	wait_until('the others of the window are settled', sub { (forward_status($node, 't')->{position} // '') eq $ids[-1] });
	my $worker = worker_pid($node);
	sql("SELECT pg_terminate_backend($worker)");
	wait_until('another worker runs', sub { (worker_pid($node) || $worker) ne $worker });
	$receiver->faults($bad);
	arrived_are([ @ids, log_events($node, ('good') x 3) ], 'holds up nothing', 1);
	dead_ids_are([$refused], 'and is the dead letter');
};

scenario '400 to all that is left of a window, and others pass in the next' => { batch_events => 10 }, sub {
	$receiver->faults($bad);
	my @ids = log_events($node, ('good') x 10, 'bad', 'bad');
	my @refused = splice @ids, 10;
	wait_for_state($node, 't', 'refused');
	is(scalar dead_letters($node, 't'), 0, 'it may be the target that is bad');
	my ($bad_too, $good) = log_events($node, 'bad', 'good');
	arrived_are([ @ids, $good ], 'another event passes', 1);
	dead_ids_are([ @refused, $bad_too ], '... so it was the events');
};

scenario 'a target that is refused sleeps while it lingers' => { linger_ms => 4000, batch_events => 2 }, sub {
	$receiver->faults({ kind => 'status', status => 400 });
	my @ids = log_events($node, ('good') x 2);
	wait_for_state($node, 't', 'refused');
	my $worker = worker_pid($node);
	my $cpu_ms = sub {
		my @fields = split ' ', slurp_file("/proc/$worker/stat") =~ s/.*\) //sr;
		return ($fields[11] + $fields[12]) * 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
	};
	my $before = $cpu_ms->();
	sleep 3;
	cmp_ok($cpu_ms->() - $before, '<', 600, 'on next to no CPU');
	$receiver->faults;
	arrived_are(\@ids, 'it recovers with the endpoint');
};

scenario '400 to an event that fills a batch alone' => { batch_bytes => 1024 }, sub {
	$receiver->faults($bad);
	my $log = q{SELECT eventlog.log_event('%s', jsonb_build_object('filler', repeat('x', 2000)), forward_to_statsig => true)};
	my $refused = sql(sprintf $log, 'bad');
	wait_for_state($node, 't', 'refused');
	arrived_are([ sql(sprintf $log, 'good'), log_events($node, 'good') ], 'others pass');
	dead_ids_are([$refused], '... and it is a dead letter');
};

scenario '400 to some of many events that are sent one by one, many in a row' => { batch_events => 1 }, sub {
	$receiver->faults($bad);
	my @ids = log_events($node, 'good', 'bad', 'good', 'good', ('bad') x 5, 'good');
	arrived_are([ @ids[ 0, 2, 3, 9 ] ], 'the good ones have arrived in order');
	dead_ids_are([ @ids[ 1, 4 .. 8 ] ], 'the bad ones are dead letters');
	is(scalar(grep { @{ $_->{ids} } != 1 } $receiver->requests), 0, 'no request held two');
};

scenario '413: the batch is halved until it is small enough' => {}, sub {
	$receiver->faults({ kind => 'too_large', max_events => 100 });
	my @ids = log_events($node, ('good') x 500);
	arrived_are(\@ids, 'all have arrived in order');
	my @answers = answers();
	is("@answers", '413 413 413 202 202 413 202 202 413 413 202 202 413 202 202', '... in halves of halves');
	is(scalar dead_letters($node, 't'), 0, 'nothing became a dead letter');
	status_is({ state => 'running', sent => 500, retried => 0, last_error => undef }, 'and it is no error');
	push @ids, log_events($node, ('good') x 200);
	arrived_are(\@ids, 'the next ones arrive');
	is(join(' ', (answers())[ -4 .. -1 ]), '202 202 202 202', '... in pieces that are small enough at once');
};

scenario 'names that Statsig would drop: dead letters without a request' => {}, sub {
	my @names = ('a<b', 'good', 'n' x 65, 'n' x 64, 'a;b', 'good');
	my @ids = log_events($node, @names);
	arrived_are([ @ids[ 1, 3, 5 ] ], 'the others have arrived in order');
	my @letters = dead_letters($node, 't');
	is_deeply([ map { $_->{event_id} } @letters ], [ @ids[ 0, 2, 4 ] ], 'the rest are dead letters');
	is_deeply([ map { [ @$_{qw(status body attempts)} ] } @letters ], [ ([ undef, undef, 0 ]) x 3 ],
		'... without status, answer and attempts');
	is_deeply([ map { $_->{reason} } @letters ],
		[
			'The event name holds "<", and Statsig drops such an event: log it under another name.',
			q{The event name has 65 characters; the target's option max_name_length allows 64.},
			'The event name holds ";", and Statsig drops such an event: log it under another name.' ],
		'... with the reason');
	status_is({ state => 'running', sent => 3, dead => 3, retried => 0 }, 'the target goes on');
	log_events($node, 'a<b', 'a<b');
	settle();
	wait_until('they are dead letters', sub { dead_letters($node, 't') == 5 });
	is(scalar $receiver->requests, 1, 'a batch of nothing else is not sent');
};

# ---- answers that speak of the target --------------------------------------------------------------------------------

configure($node, log_min_messages => 'debug5');

foreach my $answer (401, 403)
{
	scenario "$answer: the target stops until its key is right" => { api_key => $wrong_key }, sub {
		$receiver->faults({ kind => 'status', status => 403 }) if $answer == 403;
		my @ids = log_events($node, ('good') x 3);
		my $status = wait_for_state($node, 't', 'unauthorized');
		status_is({ last_error => "the endpoint answered $answer", sent => 0, dead => 0, lag_events => 3 },
			'nothing is lost', $status);
		ok(defined $status->{next_attempt_at}, 'another attempt is due');
		wait_until('the endpoint has been tried again', sub { forward_status($node, 't')->{retried} >= 2 });
		retry_never();
		wait_for_standstill();
		$receiver->faults;
		sql("ALTER USER MAPPING FOR CURRENT_USER SERVER t OPTIONS (SET api_key '$key')");
		arrived_are(\@ids, 'all have arrived in order, at once');
		status_is({ state => 'running', sent => 3, lag_events => 0, next_attempt_at => undef }, 'the target goes on');
	};
}

scenario '401 to a request that was under way when the key was changed: no reason to wait' => { api_key => $wrong_key }, sub {
	retry_never();
	$receiver->faults({ kind => 'hold', count => 1 });
	my @ids = log_events($node, ('good') x 3);
	wait_for_held($receiver);
	sql("ALTER USER MAPPING FOR CURRENT_USER SERVER t OPTIONS (SET api_key '$key')");
	$receiver->faults;
	arrived_are(\@ids, 'all have arrived in order, at once');
	is(join(' ', answers()), '401 202', '... with the second request');
};

scenario 'an answer that repeats the key' => {}, sub {
	my @ids = log_events($node, 'good');
	arrived_are(\@ids, 'another event passes');
	$receiver->faults({ kind => 'status', status => 400, body => "what of statsig-api-key: $key, $key?", count => 1 });
	log_events($node, 'good');
	wait_until('there is a dead letter', sub { dead_letters($node, 't') == 1 });
	my ($letter) = dead_letters($node, 't');
	is($letter->{body}, 'what of statsig-api-key: ***, ***?', 'is kept without the key');
};

like(slurp_file($node->logfile), qr/ eventlog worker DEBUG:  /, 'the server logs all it can');
configure($node, log_min_messages => 'warning');

foreach my $answer (301, 307, 404, 405, 410, 415)
{
	scenario "$answer: the target stops, and is tried again" => {}, sub {
		my $elsewhere = { kind => 'redirect', status => $answer, location => $receiver->url('/elsewhere'), path => $statsig };
		$receiver->faults($answer < 400 ? $elsewhere : { kind => 'status', status => $answer });
		my @ids = log_events($node, ('good') x 3);
		my $status = wait_for_state($node, 't', 'refused');
		status_is({ last_error => "the endpoint answered $answer", sent => 0, dead => 0, lag_events => 3 },
			'nothing is lost', $status);
		wait_until('the endpoint has been tried again', sub { forward_status($node, 't')->{retried} >= 2 });
		my $paths = join ' ', map { $_->{path} } $receiver->requests;
		like($paths, qr{\A$statsig( $statsig)*\z}, 'nothing was sent elsewhere');
		$receiver->faults;
		arrived_are(\@ids, 'all have arrived in order when the address is right again');
	};
}

# ---- answers that speak of the moment --------------------------------------------------------------------------------

foreach my $case (
	[ '500', { kind => 'status', status => 500 }, qr/\Athe endpoint answered 500\z/ ],
	[ '503', { kind => 'status', status => 503 }, qr/\Athe endpoint answered 503\z/ ],
	[ '408', { kind => 'status', status => 408 }, qr/\Athe endpoint answered 408\z/ ],
	[ '202 without success', { kind => 'success_false' }, qr/\Athe endpoint answered 202\z/ ],
	[ 'no HTTP', { kind => 'garbage' }, qr/HTTP\/0\.9|status line/ ],
	[ 'a reset connection', { kind => 'reset_after_bytes', bytes => 10 }, qr/reset|connection|empty reply/i ],
	[ 'no answer', { kind => 'hang' }, qr/timed out/i ])
{
	my ($name, $fault, $error) = @$case;
	scenario "$name: sent again" => { timeout_ms => 300 }, sub {
		$receiver->faults($fault);
		my @ids = log_events($node, ('good') x 3);
		my $status;
		wait_until('three attempts have failed', sub {
				$status = forward_status($node, 't');
				return $status->{retried} >= 3 && $status->{state} eq 'waiting';
			});
		$receiver->faults;
		like($status->{last_error}, $error, 'last_error');
		ok(defined $status->{next_attempt_at}, 'another attempt is due');
		arrived_are(\@ids, 'all have arrived in order');
		status_is({ state => 'running', sent => 3, dead => 0, lag_events => 0, next_attempt_at => undef }, 'the target goes on');
		is(scalar dead_letters($node, 't'), 0, 'nothing became a dead letter');
	};
}

scenario '202 with a body that is no JSON: sent again, and so taken twice' => {}, sub {
	$receiver->faults({ kind => 'garbage_body', count => 2 });
	my @ids = log_events($node, ('good') x 3);
	wait_until('it has been sent thrice', sub { $receiver->stats->{accepted_events} == 9 });
	settle();
	is_deeply([ $receiver->ids ], \@ids, 'all have arrived in order');
	status_is({ state => 'running', sent => 3, retried => 2 }, 'the target goes on');
};

scenario '429: Retry-After is obeyed' => {}, sub {
	$receiver->faults({ kind => 'status', status => 429, headers => { 'retry-after' => '2' }, count => 1 });
	my @ids = log_events($node, 'good');
	my $status = wait_for_state($node, 't', 'waiting');
	is($status->{last_error}, 'the endpoint answered 429', 'last_error');
	arrived_are(\@ids, 'it has arrived');
	my ($refused, $accepted) = $receiver->requests;
	cmp_ok($accepted->{at} - $refused->{at}, '>=', 1990, 'not before the time that the endpoint named');
};

end_scenarios();
done_testing();
