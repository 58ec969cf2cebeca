# What a target does with every kind of answer, and with what a DBA does to it meanwhile; one subtest a rule.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $key = 'secret-TheRightKey-4711';
my $wrong_key = 'secret-TheWrongKey-0815';
my $statsig = '/v1/log_event';

my $receiver = EventReceiver->start(api_key => $key);
my $node = start_eventlog('refusals', 'eventlog.poll_interval = 200ms');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# How long a target that is stopped or has failed often pauses: not long, or as good as for ever.
sub retry_soon { configure($node, 'eventlog.max_retry_interval' => '400ms'); return }
sub retry_never { configure($node, 'eventlog.max_retry_interval' => '1h'); return }

# Waits until no attempt of the target is due for long, after retry_never.
sub wait_for_standstill
{
	ok($node->poll_query_until('postgres', q{SELECT next_attempt_at > now() + interval '20 minutes' FROM eventlog.forward_status}),
		'the next attempt is far');
	return;
}

# A subtest with a target `t` of its own.
sub scenario
{
	my ($name, $options, $body) = @_;
	subtest $name => sub {
		$receiver->reset;
		create_target($node, 't', url => $receiver->url($statsig), api_key => $key, %$options);
		eval { $body->(); 1 } or fail("ended early: $@");
		sql('DROP SERVER IF EXISTS t CASCADE; DROP SERVER IF EXISTS healthy CASCADE');
		is(sql('SELECT count(*) FROM eventlog.targets'), 0, 'no target is left');
		retry_soon();
	};
	return;
}

# Checks these columns of eventlog.forward_status, and returns all of them.
sub status_is
{
	my ($expected, $what, $status) = @_;
	$status //= forward_status($node, 't');
	is_deeply({ map { $_ => $status->{$_} } keys %$expected }, $expected, $what);
	return $status;
}

# Waits until all that is committed has been dealt with.
sub settle
{
	wait_until('the target has settled', sub {
			my $status = forward_status($node, 't');
			return $status->{lag_events} == 0 && $status->{in_flight} == 0 && $status->{state} eq 'running';
		});
	return;
}

# Checks that exactly these ids have arrived, in this order, each once.
sub arrived_are
{
	my ($expected, $what) = @_;
	wait_for_ids($receiver, scalar @$expected);
	settle();
	my @arrived = $receiver->ids;
	my $differs = grep { ($arrived[$_] // '') ne ($expected->[$_] // '') } 0 .. max($#arrived, $#$expected);
	is($differs, 0, $what);
	is($receiver->stats->{duplicate_ids}, 0, '... once');
	return;
}

sub answers { return map { $_->{status} } $receiver->requests }

my $bad = { kind => 'refuse_events', names => ['bad'] };

# ---- answers that speak of an event ----------------------------------------------------------------------------------

retry_soon();  # and again after each scenario

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
	arrived_are(\@ids, 'all have arrived in order');
	is(scalar dead_letters($node, 't'), 0, 'nothing became a dead letter');
	status_is({ state => 'running', sent => 10, lag_events => 0, next_attempt_at => undef }, 'the target goes on');
	retry_never();
	$receiver->faults({ kind => 'status', status => 422 });
	push @ids, log_events($node, ('good') x 2);
	wait_for_standstill();
	$receiver->faults;
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
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], [$refused], '... so it was the event');
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
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], [ $refused, $second ], '... and is dead then');
};

scenario '400 to a lone event, and the next to pass is far behind it' => {}, sub {
	$receiver->faults($bad);
	my ($refused) = log_events($node, 'bad');
	wait_for_state($node, 't', 'refused');
	sql(q{SELECT count(eventlog.log_event('other', forward_to_statsig => false)) FROM generate_series(1, 2000)});
	arrived_are([ log_events($node, 'good') ], 'it passes');
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], [$refused], '... and the other is a dead letter');
};

scenario '400 to the last event of a window, alone in its batch after a restart of the worker' => { batch_events => 10 }, sub {
	$receiver->faults({ kind => 'delay', ms => 300, count => 2 }, $bad);
	my @ids = log_events($node, ('good') x 10, 'bad');
	my $refused = pop @ids;
	wait_for_ids($receiver, 10);
	my $worker = worker_pid($node);
	sql("SELECT pg_terminate_backend($worker)");
	wait_until('another worker runs', sub { (worker_pid($node) || $worker) ne $worker });
	my @more = log_events($node, ('good') x 3);
	wait_for_ids($receiver, 13);
	settle();
	is_deeply([ $receiver->ids ], [ @ids, @more ], 'holds up nothing');
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], [$refused], 'and is the dead letter');
};

scenario '413: the batch is halved until it is small enough' => {}, sub {
	$receiver->faults({ kind => 'too_large', max_events => 100 });
	my @ids = log_events($node, ('good') x 500);
	arrived_are(\@ids, 'all have arrived in order');
	my @answers = answers();
	is("@answers", '413 413 413 202 202 413 202 202 413 413 202 202 413 202 202', '... in halves of halves');
	is(scalar dead_letters($node, 't'), 0, 'nothing became a dead letter');
	status_is({ state => 'running', sent => 500, retried => 0, last_error => undef }, 'and it is no error');
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
		status_is({ last_error => "the endpoint answered $answer", sent => 0, dead => 0, retried => 1, lag_events => 3 },
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
	[ 'no HTTP', { kind => 'garbage' }, qr/HTTP\/0\.9/ ],
	[ 'a reset connection', { kind => 'reset_after_bytes', bytes => 10 }, qr/reset|connection|empty reply/i ],
	[ 'no answer', { kind => 'hang' }, qr/timed out/i ])
{
	my ($name, $fault, $error) = @$case;
	scenario "$name: sent again" => { timeout_ms => 300 }, sub {
		$receiver->faults({ %$fault, count => 3 });
		my @ids = log_events($node, ('good') x 3);
		my $status = wait_for_state($node, 't', 'waiting');
		like($status->{last_error}, $error, 'last_error');
		ok(defined $status->{next_attempt_at}, 'another attempt is due');
		arrived_are(\@ids, 'all have arrived in order');
		$status = status_is({ state => 'running', sent => 3, dead => 0, lag_events => 0, next_attempt_at => undef },
			'the target goes on');
		# libcurl itself tries again where a connection that was kept turns out to be dead.
		cmp_ok($status->{retried}, '>=', $fault->{kind} eq 'reset_after_bytes' ? 2 : 3, '... after that many attempts');
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

# ---- targets among themselves ----------------------------------------------------------------------------------------

foreach my $case (
	[ 'hangs', { kind => 'hang', path => $statsig }, 'running' ],
	[ 'refuses', { kind => 'status', status => 400, path => $statsig }, 'refused' ],
	[ 'drips', { kind => 'drip', ms_per_byte => 3000, path => $statsig }, 'running' ])
{
	my ($name, $fault, $state) = @$case;
	scenario "an endpoint that $name delays no other target" => { timeout_ms => 60000 }, sub {
		$receiver->faults($fault);
		create_target($node, 'healthy', url => $receiver->url('/ndjson'), format => 'ndjson');
		sql(qq{CREATE USER MAPPING FOR CURRENT_USER SERVER healthy OPTIONS (api_key '$key')});
		my $expected = 0;
		foreach my $batch (1 .. 5)
		{
			log_events($node, ('good') x 4);
			$expected += 4;
			wait_until('the healthy target has them', sub { forward_status($node, 'healthy')->{sent} == $expected });
		}
		is(forward_status($node, 't')->{state}, $state, 'the other target has not got far');
		my %logged_at = map { split /\|/ }
		  split /\n/, sql(q{SELECT event_id, extract(epoch FROM ingested_at) * 1000 FROM eventlog.events ORDER BY 1 DESC LIMIT 20});
		my @latencies;
		foreach my $request (grep { $_->{path} eq '/ndjson' } $receiver->requests)
		{
			push @latencies, map { $request->{at} - $logged_at{$_} } @{ $request->{ids} };
		}
		is(scalar @latencies, 20, 'all events have arrived once');
		cmp_ok(max(@latencies), '<', 1000, '... within a second');
		diag(sprintf 'from the call to the endpoint: %.1f ms at most', max(@latencies));
	};
}

# ---- what a DBA does meanwhile ---------------------------------------------------------------------------------------

scenario 'pause_target and resume_target' => {}, sub {
	my @ids = log_events($node, ('good') x 2);
	arrived_are(\@ids, 'before');
	sql(q{SELECT eventlog.pause_target('t')});
	push @ids, log_events($node, ('good') x 2);
	status_is({ state => 'paused', lag_events => 2, sent => 2 }, 'a paused target');
	sleep 1;
	is($receiver->stats->{distinct_ids}, 2, '... sends nothing');
	sql(q{SELECT eventlog.resume_target('t')});
	arrived_are(\@ids, '... until it is resumed');
	foreach my $function (qw(pause_target resume_target))
	{
		my (undef, undef, $error) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT eventlog.$function('none')");
		like($error, qr/ERROR:  42704/, "$function of an unknown target");
	}
};

scenario 'pause_target while a request is under way' => {}, sub {
	$receiver->faults({ kind => 'delay', ms => 1000, count => 1 });
	my @ids = log_events($node, 'good');
	wait_until('the request is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql(q{SELECT eventlog.pause_target('t')});
	wait_until('it has ended', sub { forward_status($node, 't')->{in_flight} == 0 });
	wait_until('its answer counts', sub { forward_status($node, 't')->{lag_events} == 0 });
	is(forward_status($node, 't')->{state}, 'paused', '... though the target is paused');
	push @ids, log_events($node, 'good');
	sql(q{SELECT eventlog.resume_target('t')});
	arrived_are(\@ids, 'both have arrived');
};

foreach my $case ([ 'running' ], [ 'waiting', 500 ], [ 'refused', 404 ], [ 'lingering' ])
{
	my ($state, $status) = @$case;
	scenario "eventlog.forwarding = off while a target is $state" => { linger_ms => $state eq 'lingering' ? 500 : 0 }, sub {
		my @ids = log_events($node, ('good') x 2);
		if (defined $status)
		{
			$receiver->faults({ kind => 'status', status => $status });
			push @ids, log_events($node, ('good') x 2);
			wait_for_state($node, 't', $state);
		}
		else
		{
			wait_for_ids($receiver, 2);
			push @ids, log_events($node, ('good') x 2) if $state eq 'lingering';
		}
		configure($node, 'eventlog.forwarding' => 'off');
		sleep 1;
		my $requests = $receiver->stats->{requests};
		push @ids, log_events($node, ('good') x 2);
		my $worker = worker_pid($node);
		my $used = cpu_seconds($worker);
		sleep 2;
		cmp_ok(cpu_seconds($worker) - $used, '<', 1, 'the worker idles');
		is($receiver->stats->{requests}, $requests, '... and nothing is sent');
		$receiver->faults;
		configure($node, 'eventlog.forwarding' => 'on');
		arrived_are(\@ids, 'all have arrived when it is on again');
	};
}

# Seconds of CPU that a process has used.
sub cpu_seconds
{
	my ($pid) = @_;
	my @fields = split / /, slurp_file("/proc/$pid/stat") =~ s/.*\) //r;
	return ($fields[11] + $fields[12]) / 100;
}

scenario 'ALTER SERVER while a request hangs' => { timeout_ms => 1500 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my @ids = log_events($node, ('good') x 3);
	wait_until('the request is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql(q{ALTER SERVER t OPTIONS (ADD batch_events '1')});
	arrived_are(\@ids, 'all have arrived in order');
	is(scalar $receiver->requests, 3, '... as the changed definition says');
};

scenario 'ALTER SERVER to another address and to another name' => {}, sub {
	$receiver->faults({ kind => 'status', status => 404, path => "$statsig" });
	my @ids = log_events($node, ('good') x 3);
	wait_for_state($node, 't', 'refused');
	retry_never();
	wait_for_standstill();
	my $url = $receiver->url('/ndjson');
	sql(qq{ALTER SERVER t RENAME TO renamed});
	sql(qq{ALTER SERVER renamed OPTIONS (SET url '$url', SET format 'ndjson')});
	wait_for_ids($receiver, 3);
	is_deeply([ $receiver->ids ], \@ids, 'all have arrived at once');
	wait_until('the target has settled', sub { forward_status($node, 'renamed')->{sent} == 3 });
	sql(qq{ALTER SERVER renamed RENAME TO t});
	push @ids, log_events($node, 'good');
	arrived_are(\@ids, 'under the old name again');
};

scenario 'DROP SERVER while a request hangs' => { timeout_ms => 60000 }, sub {
	my $worker = worker_pid($node);
	$receiver->faults({ kind => 'hang', count => 1 });
	log_events($node, ('good') x 3);
	wait_until('the request is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql('DROP SERVER t CASCADE');
	is(sql('SELECT count(*) FROM eventlog.forward_status'), 0, 'the target is gone at once');
	create_target($node, 't', url => $receiver->url($statsig), api_key => $key);
	arrived_are([ log_events($node, ('good') x 2) ], 'another of its name gets its own events only');
	is(worker_pid($node), $worker, 'the worker lives on');
};

# ---- what is sent, and how -------------------------------------------------------------------------------------------

my ($old) = log_events($node, 'good');
log_events($node, ('good') x 2);
my $sendable = q{event_name ~ '^[a-z]{1,64}$' AND metadata @> '{"_eventLog": {"forwardToStatsig": true}}'};

foreach my $case (
	[ 'now', 'now', 'false' ],
	[ 'beginning', 'beginning', 'true' ],
	[ 'a ULID', sql("SELECT eventlog.ulid('$old')"), "event_id > '$old'" ],
	[ 'a uuid', $old, "event_id > '$old'" ])
{
	my ($name, $start_at, $condition) = @$case;
	scenario "start_at $name" => { start_at => $start_at }, sub {
		my @ids = split /\n/, sql("SELECT event_id FROM eventlog.events WHERE $sendable AND $condition ORDER BY 1");
		arrived_are([ @ids, log_events($node, 'good') ], 'starts there');
	};
}

scenario 'batch_events 1: an event a request' => { batch_events => 1 }, sub {
	my @ids = log_events($node, ('good') x 10);
	arrived_are(\@ids, 'all have arrived in order');
	is(scalar $receiver->requests, 10, 'in as many requests');
};

scenario 'batch_events 1: a bad event among good ones' => { batch_events => 1 }, sub {
	$receiver->faults($bad);
	my @ids = log_events($node, 'good', 'bad', 'good', 'good', 'bad', 'bad', 'good');
	arrived_are([ @ids[ 0, 2, 3, 6 ] ], 'the good ones have arrived in order');
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], [ @ids[ 1, 4, 5 ] ], 'the bad ones are dead letters');
};

scenario 'batch_bytes: a batch ends with the event that passes it' => { batch_bytes => 1024, compression => 'none' }, sub {
	my @ids = split /\n/, sql(<<'SQL');
SELECT eventlog.log_event('good', jsonb_build_object('filler', repeat('x', 400)), forward_to_statsig => true)
FROM generate_series(1, 30)
SQL
	arrived_are(\@ids, 'all have arrived in order');
	my @requests = $receiver->requests;
	is(join(' ', map { scalar @{ $_->{ids} } } @requests), '2 ' x 14 . '2', 'in requests of two');
	cmp_ok(max(map { $_->{bytes} } @requests), '<', 1024 + 500, '... of so many bytes');
};

scenario 'linger_ms: events gather before they are sent' => { linger_ms => 3000 }, sub {
	my @ids = map { log_events($node, 'good') } 1 .. 3;
	is($receiver->stats->{requests}, 0, 'nothing is sent at once');
	arrived_are(\@ids, 'all have arrived in order');
	is(scalar $receiver->requests, 1, '... in one request');
	push @ids, log_events($node, ('good') x 500);
	my $before = time;
	wait_for_ids($receiver, 503);
	cmp_ok(time - $before, '<', 2.5, 'a full batch does not linger');
};

scenario 'a window of many events' => { batch_events => 500 }, sub {
	sql(q{SELECT eventlog.pause_target('t')});
	my @ids = log_events($node, ('good') x 20_000);
	sql(q{SELECT eventlog.resume_target('t')});
	arrived_are(\@ids, 'each has arrived, in order');
	is(join(' ', map { scalar @{ $_->{ids} } } $receiver->requests), join(' ', (500) x 40), '... in full batches');
	status_is({ state => 'running', sent => 20_000, position => $ids[-1], lag_events => 0 }, 'the target has counted them');
};

scenario 'events that are not flagged are not sent' => {}, sub {
	my $unflagged = q{SELECT count(eventlog.log_event('other', forward_to_statsig => false)) FROM generate_series(1, 30000)};
	my @ids = log_events($node, 'good');
	is(sql($unflagged), 30_000, 'many of them, in a window of their own');
	push @ids, log_events($node, 'good');
	arrived_are(\@ids, 'those around them have arrived');
	my $log = q{SELECT eventlog.log_event('good', forward_to_statsig => true)};
	push @ids, split /\n/, sql("BEGIN; $log; $unflagged \\g /dev/null\n$log; COMMIT");
	arrived_are(\@ids, '... as have those in one window with them');
	status_is({ state => 'running', sent => 4, lag_events => 0 }, 'the target has counted its own');
};

scenario 'events all: those that are not flagged are sent too' => { events => 'all' }, sub {
	my @ids = log_events($node, 'good');
	push @ids, sql(q{SELECT eventlog.log_event('other', forward_to_statsig => false)});
	arrived_are(\@ids, 'both have arrived');
};

# ---- secrets ---------------------------------------------------------------------------------------------------------

my $log = slurp_file($node->logfile);
like($log, qr/DEBUG/, 'the server has logged all it can');
unlike($log, qr/secret-The/, '... and no key is in its log');

is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
