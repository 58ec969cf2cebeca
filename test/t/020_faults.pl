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
	EVENTS => 20_000,       # flagged and committed, a fault
	WRITERS => 8,
	EVENTS_A_ROUND => 50,   # of the writers' script
	STRIKE_AFTER => 2_000,  # events that have arrived when the fault begins
	SETTLE_MS => 5_000      # what the worker has noted is on disk by then: it commits without waiting for the disk
};

my $receiver = EventReceiver->start;
my $node = start_eventlog('faults',
	'fsync = on',
	'max_connections = 50',
	'eventlog.max_retry_interval = 2s',
	'eventlog.poll_interval = 200ms');
$node->safe_psql('postgres', 'CREATE SEQUENCE undone');
create_target($node, 'statsig', url => $receiver->url('/v1/log_event'), timeout_ms => 1000, compression => 'none');

# One round of a writer; `undone` counts the flagged events that were rolled back.
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

my $flagged = q{metadata @> '{"_eventLog": {"forwardToStatsig": true}}'};

sub committed
{
	my ($fault) = @_;
	return split /\n/,
	  $node->safe_psql('postgres', "SELECT event_id FROM eventlog.events WHERE source = '$fault' AND $flagged");
}

# Starts what is missing of EVENTS. The writers end with the server.
sub start_writers
{
	my ($fault) = @_;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/round.sql";
	open my $file, '>', $script or die "$script: $!";
	print $file round_of($fault);
	close $file;
	my $missing = EVENTS - scalar(committed($fault));
	my $rounds = int(($missing + EVENTS_A_ROUND * WRITERS - 1) / (EVENTS_A_ROUND * WRITERS));
	my $output = '';
	return IPC::Run::start(
		[ 'pgbench', '-n', '-c', WRITERS, '-j', 2, '-t', $rounds, '-f', $script, $node->connstr('postgres') ],
		'<', \undef, '>&', \$output,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
}

# Strikes while the writers write and mends when they have done, or after `seconds`; both return when that is done. A
# fault that ends the writers has them connect again.
sub suffer
{
	my ($fault, $strike, $mend, $seconds) = @_;
	my $undone_before = $node->safe_psql('postgres', 'SELECT last_value FROM undone');
	my $writers = start_writers($fault);
	wait_for_ids($receiver, STRIKE_AFTER);
	my $struck_at = time;
	$strike->();
	unless ($writers->finish)
	{
		$writers = start_writers($fault);
		$writers->finish or die 'the writers fail';
	}
	my $left = $struck_at + ($seconds // 0) - time;
	sleep $left if $left > 0;
	$mend->() if $mend;

	my %committed = map { $_ => 1 } committed($fault);
	cmp_ok(scalar keys %committed, '>=', EVENTS, "$fault: flagged events have committed");
	cmp_ok($node->safe_psql('postgres', 'SELECT last_value FROM undone') - $undone_before,
		'>=', EVENTS / 10, '... and others have rolled back');
	wait_for_ids($receiver, scalar keys %committed);
	wait_until('the target has settled', sub { forward_status($node, 'statsig')->{lag_events} == 0 });
	my %arrived = map { $_ => 1 } $receiver->ids;
	is(scalar(grep { !$arrived{$_} } keys %committed), 0, '... every committed one has arrived');
	is(scalar(grep { !$committed{$_} } keys %arrived), 0, '... and no other');
	return explain_duplicates($fault, $struck_at);
}

# Checks that what arrived more than once had come before in a request whose answer was lost or, where the worker or
# the connection ended, in one shortly before. Returns the number of duplicates.
sub explain_duplicates
{
	my ($fault, $struck_at) = @_;
	my (%seen, %answer_lost, %sent_shortly_before);
	my ($duplicates, $unexplained) = (0, 0);
	foreach my $request (grep { $_->{accepted} } $receiver->requests)
	{
		my $shortly_before = $request->{at} > $struck_at * 1000 - SETTLE_MS && $request->{at} < $struck_at * 1000 + SETTLE_MS;
		foreach my $id (@{ $request->{ids} })
		{
			if ($seen{$id}++)
			{
				$duplicates++;
				$unexplained++ unless $answer_lost{$id} || $sent_shortly_before{$id};
			}
			$answer_lost{$id} = 1 unless $request->{answered};
			$sent_shortly_before{$id} = 1 if $shortly_before && $fault =~ /worker|server|down/;
		}
	}
	is($unexplained, 0, "... $fault: what arrived twice is explained");
	diag(sprintf '%s: %d duplicates of %d events, %d of them in requests that were accepted but not answered',
		$fault, $duplicates, scalar keys %seen, scalar keys %answer_lost);
	return $duplicates;
}

sub has_met
{
	my ($status, $fault) = @_;
	cmp_ok($receiver->stats->{by_status}{$status} // 0, '>', 0, "... $fault: the fault was met");
	return;
}

# Faults on our side. A killed process takes all others with it, which the server then starts again.

my $worker = worker_pid($node);
suffer('killed worker', sub {
		my $log_end = -s $node->logfile;
		kill 'KILL', $worker;
		$node->wait_for_log(qr/"eventlog worker" \(PID $worker\) was terminated by signal 9/, $log_end);
		$node->poll_query_until('postgres', 'SELECT 1', '1');
	});
$receiver->reset;

suffer('stopped server', sub {
		$node->stop('immediate');
		$node->start;
	});
$receiver->reset;
$worker = worker_pid($node);

# Faults on the endpoint's side: the worker lives through all of them.

suffer('endpoint down', sub { $receiver->close_port }, sub { $receiver->open_port }, 30);
$receiver->reset;

my $clear = sub { $receiver->faults };

my $duplicates = suffer('500', sub { $receiver->faults({ kind => 'status', status => 500, probability => 0.5 }) }, $clear);
has_met(500, '500');
is($duplicates, 0, '... and is no reason for duplicates');
$receiver->reset;

$receiver->requests;
$duplicates = suffer('429',
	sub { $receiver->faults({ kind => 'status', status => 429, headers => { 'retry-after' => '1' }, count => 4 }) }, $clear);
has_met(429, '429');
is($duplicates, 0, '... and is no reason for duplicates');
$receiver->reset;

suffer('half an answer', sub { $receiver->faults({ kind => 'half_response', probability => 0.3 }) }, $clear);
$receiver->reset;

$duplicates = suffer('cut connection',
	sub { $receiver->faults({ kind => 'reset_after_bytes', bytes => 500, probability => 0.5 }) }, $clear);
has_met('none', 'cut connection');
is($duplicates, 0, '... and is no reason for duplicates');
$receiver->reset;

$duplicates = suffer('hanging endpoint', sub { $receiver->faults({ kind => 'hang', probability => 0.5 }) }, $clear);
has_met('none', 'hanging endpoint');
is($duplicates, 0, '... and is no reason for duplicates');

is(worker_pid($node), $worker, 'no fault of the endpoint ended the worker');
is_free_of_crashes($node, 1);

my $status = forward_status($node, 'statsig');
is("$status->{state} $status->{dead}", 'running 0', 'nothing became a dead letter');
$node->stop;
$receiver->stop;
done_testing();
