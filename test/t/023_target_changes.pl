# Tests a target while a DBA changes it, and the content and form of its requests; there is one subtest per rule.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use TargetScenario;
use Test::More;
use Time::HiRes qw(sleep time);

my ($node, $receiver) = start_scenarios('target_changes');

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
	$receiver->faults({ kind => 'hold', count => 1 });
	my @ids = log_events($node, 'good');
	wait_for_held($receiver);
	sql(q{SELECT eventlog.pause_target('t')});
	$receiver->faults;
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

scenario 'ALTER SERVER while a request hangs' => { timeout_ms => 3000 }, sub {
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

scenario 'a worker that ends leaves no request under way behind' => { timeout_ms => 60000 }, sub {
	$receiver->faults({ kind => 'hang', count => 1 });
	my @ids = log_events($node, 'good');
	wait_until('the request is under way', sub { forward_status($node, 't')->{in_flight} == 1 });
	sql(q{SELECT eventlog.pause_target('t')});
	my $worker = worker_pid($node);
	sql("SELECT pg_terminate_backend($worker)");
	wait_until('another worker runs', sub { (worker_pid($node) || $worker) ne $worker });
	status_is({ state => 'paused', in_flight => 0, lag_events => 1 }, 'none is shown');
	sql(q{SELECT eventlog.resume_target('t')});
	arrived_are(\@ids, 'it arrives later');
};

scenario 'events all: those that are not flagged are sent too' => { events => 'all' }, sub {
	my @ids = log_events($node, 'good');
	push @ids, sql(q{SELECT eventlog.log_event('other', forward_to_statsig => false)});
	arrived_are(\@ids, 'both have arrived');
};

end_scenarios();
done_testing();
