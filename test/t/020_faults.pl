# Faults between the log and the endpoint while eight sessions write: every committed flagged event arrives, none that
# rolled back does, and an event arrives twice only where the answer to it, or the note that it was sent, has been lost.
# Imitates src/test/recovery/t/013_crash_restart.pl in the way in which it kills a process and waits for the server.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
	EVENTS => 20_000,         # flagged and committed, a fault
	WRITERS => 8,
	EVENTS_A_ROUND => 50,     # of the writers' script
	FIRST_STRIKE => 2_000,    # events that have arrived when the fault begins
	STRIKE_EVERY => 5_000,    # ... and when it does so again
	SETTLE_MS => 5_000        # what the worker has noted is on disk by then: it commits without waiting for the disk
};

my $receiver = EventReceiver->start;
my $node = start_eventlog('faults',
	'fsync = on',
	'max_connections = 50',
	'eventlog.max_retry_interval = 2s',
	'eventlog.poll_interval = 200ms');
$node->safe_psql('postgres', 'CREATE SEQUENCE undone');
create_target($node, 'statsig', url => $receiver->url('/v1/log_event'), timeout_ms => 1000, compression => 'none');

# ---- writers ---------------------------------------------------------------------------------------------------------

# One round of a writer. The sequence counts flagged events that are rolled back.
sub round_of
{
	my ($fault) = @_;
	my $log = sub {
		my ($name, $count, $flagged) = @_;
		return qq{count(eventlog.log_event('$name', jsonb_build_object('n', n, 'client', :client_id), source => '$fault',}
		  . qq{ forward_to_statsig => $flagged)) FROM generate_series(1, $count) AS n;\n};
	};
	my $kept = sub { 'SELECT ' . $log->('kept', @_) };
	my $undone = sub { q{SELECT count(nextval('undone')), } . $log->('undone', $_[0], 'true') };
	return join '',
	  $kept->(1, 'true'),
	  $kept->(3, 'false'),
	  "BEGIN;\n", $kept->(9, 'true'), "COMMIT;\n",
	  "BEGIN;\n", $undone->(6), "ROLLBACK;\n",
	  "BEGIN;\n", "SAVEPOINT a;\n", $kept->(10, 'true'), "RELEASE a;\n", "SAVEPOINT b;\n", $undone->(4), "ROLLBACK TO b;\n",
	  "SAVEPOINT c;\n", $kept->(10, 'true'), "COMMIT;\n",
	  "\\set ms random(1, 80)\n",
	  "BEGIN;\n", "SET LOCAL synchronous_commit = off;\n", $kept->(10, 'true'), "\\sleep :ms ms\n", $kept->(10, 'true'), "COMMIT;\n";
}

# The ids of the flagged events that have committed.
sub committed
{
	my ($fault) = @_;
	return split /\n/, $node->safe_psql('postgres', <<"SQL");
SELECT event_id FROM eventlog.events
WHERE source = '$fault' AND metadata @> '{"_eventLog": {"forwardToStatsig": true}}'
SQL
}

# Starts writers of what is missing of EVENTS; undef when nothing is. They end with their connections.
sub start_writers
{
	my ($fault) = @_;
	my $missing = EVENTS - scalar(committed($fault));
	return if $missing <= 0;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/round.sql";
	open my $file, '>', $script or die "$script: $!";
	print $file round_of($fault);
	close $file;
	my $rounds = 1 + int(($missing - 1) / (EVENTS_A_ROUND * WRITERS));
	return start_pgbench($node, '-c', WRITERS, '-j', 2, '-t', $rounds, '-f', $script);
}

# ---- faults ----------------------------------------------------------------------------------------------------------

# Has the writers write and strikes meanwhile, once or `times`. Mends when they have done, but not before `seconds` have
# passed, and checks what has arrived. Returns the requests with a verdict and the number of duplicates.
sub suffer
{
	my ($fault, %how) = @_;
	$receiver->reset;
	my $undone = $node->safe_psql('postgres', 'SELECT last_value FROM undone');
	my @struck_at;
	foreach my $strike (1 .. $how{times} // 1)
	{
		my $writers = start_writers($fault);
		wait_for_ids($receiver, FIRST_STRIKE + ($strike - 1) * STRIKE_EVERY);
		push @struck_at, time;
		$how{strike}->();
		$writers->finish;
	}
	my $writers = start_writers($fault);
	$writers->finish or die 'the writers fail' if $writers;
	my $left = $struck_at[0] + ($how{seconds} // 0) - time;
	sleep $left if $left > 0;
	$how{mend}->() if $how{mend};

	cmp_ok($node->safe_psql('postgres', 'SELECT last_value FROM undone') - $undone,
		'>=', EVENTS / 10, "$fault: some events have rolled back");
	check_arrivals($fault);
	my @requests = $receiver->requests;
	return (\@requests, explain_duplicates($fault, \@requests, @struck_at));
}

sub check_arrivals
{
	my ($fault) = @_;
	my %committed = map { $_ => 1 } committed($fault);
	cmp_ok(scalar keys %committed, '>=', EVENTS, '... and others have committed');
	wait_for_ids($receiver, scalar keys %committed);
	wait_until('the target has settled', sub { forward_status($node, 'statsig')->{lag_events} == 0 });
	my %arrived = map { $_ => 1 } $receiver->ids;
	is(scalar(grep { !$arrived{$_} } keys %committed), 0, '... of which every one has arrived');
	is(scalar(grep { !$committed{$_} } keys %arrived), 0, '... and nothing else');
	return;
}

# Checks that what was accepted more than once had before been in a request whose answer got lost, or in one shortly
# before the worker or the connection ended. Returns the number of duplicates.
sub explain_duplicates
{
	my ($fault, $requests, @struck_at) = @_;
	my (%seen, %explained);
	my %duplicates = (unanswered => 0, unsettled => 0, unexplained => 0);
	foreach my $request (grep { $_->{accepted} } @$requests)
	{
		my $reason = !$request->{answered} ? 'unanswered'
		  : $fault =~ /worker|server|down/ && (grep { abs($request->{at} - $_ * 1000) < SETTLE_MS } @struck_at) ? 'unsettled'
		  : undef;
		foreach my $id (@{ $request->{ids} })
		{
			$duplicates{ $explained{$id} // 'unexplained' }++ if $seen{$id}++;
			$explained{$id} = $reason;
		}
	}
	my $duplicates = $duplicates{unanswered} + $duplicates{unsettled} + $duplicates{unexplained};
	is($duplicates{unexplained}, 0, '... what has arrived twice is explained');
	diag(sprintf '%s: %d duplicates of %d events; %d the answer to which was lost, %d the settling',
		$fault, $duplicates, scalar keys %seen, @duplicates{qw(unanswered unsettled)});
	return $duplicates;
}

# A fault of the endpoint until the writers have done; ends in the status that the receiver has counted most of.
sub suffer_endpoint
{
	my ($fault, $status, @rules) = @_;
	my ($requests, $duplicates) =
	  suffer($fault, strike => sub { $receiver->faults(@rules) }, mend => sub { $receiver->faults });
	cmp_ok($receiver->stats->{by_status}{$status} // 0, '>', 0, '... the fault was met');
	return ($requests, $duplicates);
}

# ---- on our side -----------------------------------------------------------------------------------------------------

# The endpoint is slow, so that a request is under way when the process ends. A killed process takes all others with it,
# which the server then starts again.
my $slow = { kind => 'delay', ms => 50 };

my (undef, $duplicates) = suffer('killed worker', times => 3, strike => sub {
		$receiver->faults($slow);
		sleep 0.5;
		my $worker = worker_pid($node);
		my $log_end = -s $node->logfile;
		kill 'KILL', $worker;
		$node->wait_for_log(
			qr/"eventlog worker" \(PID $worker\) was terminated by signal 9.*ready to accept connections/s, $log_end);
	});
cmp_ok($duplicates, '>', 0, '... and was inevitable');

(undef, $duplicates) = suffer('stopped server', times => 2, strike => sub {
		$receiver->faults($slow);
		sleep 0.5;
		$node->stop('immediate');
		$node->start;
	});
cmp_ok($duplicates, '>', 0, '... and was inevitable');

# ---- on the endpoint's side ------------------------------------------------------------------------------------------

my $worker = worker_pid($node);

suffer('endpoint down', strike => sub { $receiver->close_port }, mend => sub { $receiver->open_port }, seconds => 30);

(undef, $duplicates) = suffer_endpoint('500', 500, { kind => 'status', status => 500, probability => 0.5 });
is($duplicates, 0, '... and is no reason for duplicates');

my $requests;
($requests, $duplicates) =
  suffer_endpoint('429', 429, { kind => 'status', status => 429, headers => { 'retry-after' => '1' }, count => 3 });
is($duplicates, 0, '... and is no reason for duplicates');
my @too_early = grep { $requests->[ $_ - 1 ]{status} == 429 && $requests->[$_]{at} - $requests->[ $_ - 1 ]{at} < 990 }
  1 .. $#$requests;
is(scalar @too_early, 0, '... Retry-After was obeyed');

suffer_endpoint('half an answer', 202, { kind => 'half_response', probability => 0.3 });

(undef, $duplicates) =
  suffer_endpoint('cut connection', 'none', { kind => 'reset_after_bytes', bytes => 500, probability => 0.5 });
is($duplicates, 0, '... and is no reason for duplicates');

(undef, $duplicates) = suffer_endpoint('hanging endpoint', 'none', { kind => 'hang', probability => 0.5 });
is($duplicates, 0, '... and is no reason for duplicates');

is(worker_pid($node), $worker, 'no fault of the endpoint has ended the worker');
is_free_of_crashes($node, 3);
my $status = forward_status($node, 'statsig');
is("$status->{state} $status->{dead}", 'running 0', 'nothing has become a dead letter');

$node->stop;
$receiver->stop;
done_testing();
