# Subtests with one target each, `t`, on one server and one endpoint that wants a key.
#
#     my ($node, $receiver) = start_scenarios('refusals');
#     scenario 'what is expected' => { batch_events => 1 }, sub { ... };
#     end_scenarios();
package TargetScenario;

use strict;
use warnings FATAL => 'all';

use EventReceiver;
use EventlogTest;
use Exporter 'import';
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(start_scenarios end_scenarios scenario $key $wrong_key $statsig sql settle status_is arrived_are dead_ids_are
  retry_soon retry_never wait_for_standstill);

our $key = 'secret-TheRightKey-4711';
our $wrong_key = 'secret-TheWrongKey-0815';
our $statsig = '/v1/log_event';
my $secret = qr/secret-The/;

my ($node, $receiver);

# Starts the server and the endpoint.
sub start_scenarios
{
	my ($name) = @_;
	$receiver = EventReceiver->start(api_key => $key);
	$node = start_eventlog($name, 'eventlog.poll_interval = 200ms');
	retry_soon();
	return ($node, $receiver);
}

# Stops them, once no key is found in the server's log and no process has failed but so many killed ones.
sub end_scenarios
{
	my ($killed) = @_;
	unlike(slurp_file($node->logfile), $secret, 'no key is in the server log');
	is_free_of_crashes($node, $killed);
	$node->stop;
	$receiver->stop;
	return;
}

# A subtest with the target `t`; options are those of create_target.
sub scenario
{
	my ($name, $options, $body) = @_;
	subtest $name => sub {
		$receiver->reset;
		create_target($node, 't', url => $receiver->url($statsig), api_key => $key, %$options);
		eval { $body->(); 1 } or fail("ended early: $@");
		unlike(sql('SELECT t FROM eventlog.targets t') . sql('SELECT d FROM eventlog.dead_letters d'), $secret, 'no key is in a table');
		sql("DROP SERVER IF EXISTS $_ CASCADE") foreach 't', 'healthy';
		is(sql('SELECT count(*) FROM eventlog.targets'), 0, 'no target is left');
		retry_soon();
	};
	return;
}

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Waits until all that is committed has been dealt with, by the endpoint too.
sub settle
{
	wait_until('the target has settled', sub {
			my $status = forward_status($node, 't');
			return $status->{lag_events} == 0 && $status->{in_flight} == 0 && $status->{state} eq 'running' && $receiver->pending_count <= 0;
		});
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

# Waits for these ids, then checks that they and no others have arrived, in this order, and how many of them twice.
sub arrived_are
{
	my ($expected, $what, $twice) = @_;
	wait_for_ids($receiver, scalar @$expected);
	settle();
	my @arrived = $receiver->ids;
	my $differing = grep { ($arrived[$_] // '') ne ($expected->[$_] // '') } 0 .. max($#arrived, $#$expected);
	is($differing, 0, $what) or diag("expected @$expected\narrived  @arrived");
	is($receiver->stats->{duplicate_ids}, $twice // 0, $twice ? "... $twice of them twice" : '... once');
	return;
}

# Checks that these ids and no others are dead letters.
sub dead_ids_are
{
	my ($expected, $what) = @_;
	is_deeply([ map { $_->{event_id} } dead_letters($node, 't') ], $expected, $what);
	return;
}

# How long a target pauses that is stopped or has failed often: not for long, or as good as for ever.
sub retry_soon { configure($node, 'eventlog.max_retry_interval' => '400ms'); return }
sub retry_never { configure($node, 'eventlog.max_retry_interval' => '1h'); return }

# Waits until no attempt is due for long, after retry_never.
sub wait_for_standstill
{
	ok( $node->poll_query_until(
			'postgres', q{SELECT next_attempt_at > now() + interval '20 minutes' FROM eventlog.forward_status}),
		'the next attempt is far');
	return;
}

1;
