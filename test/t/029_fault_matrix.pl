# Every fault of an endpoint, one row each: what the target shows, and what becomes of the events. Beside it a healthy target
# gets the same events, from the same worker. No row may say lost.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(sleep time);

# Milliseconds by which the healthy target may be late; what is usual is a few.
my $patience = 5000;

my $certificates = make_certificates();
my $receiver = EventReceiver->start;
my %tls = map { $_ => EventReceiver->start(certificate => "$certificates/$_") } qw(expired other-host self-signed);
my $healthy = EventReceiver->start;
my $node = start_eventlog('matrix', 'eventlog.poll_interval = 200ms', 'eventlog.max_retry_interval = 200ms');
create_target($node, 'healthy', url => $healthy->url('/v1/log_event'));

sub status_is { my ($status, %more) = @_; return { fault => { kind => 'status', status => $status, %more } } }

# Name, and: fault (a rule of the receiver) or url (of an endpoint that is never reached) or closed (port); state that the
# target shows meanwhile, where it does; names of events, some of which become dead letters; options of the target.
my @rows = (
	[ 'connection refused' => { closed => 1, state => 'waiting' } ],
	[ 'reset on connect' => { fault => { kind => 'reset_on_connect' }, state => 'waiting' } ],
	[ 'reset at byte 100 of the request' => { fault => { kind => 'reset_after_bytes', bytes => 100 }, state => 'waiting' } ],
	[ 'reset before the answer' => { fault => { kind => 'reset_before_response' }, state => 'waiting' } ],
	[ 'reset at byte 20 of the answer' => { fault => { kind => 'reset_in_response', bytes => 20 }, state => 'waiting' } ],
	[ 'half an answer' => { fault => { kind => 'half_response' }, state => 'waiting' } ],
	[ 'TLS certificate expired' => { url => $tls{expired}->url('/v1/log_event'), state => 'waiting' } ],
	[ 'TLS certificate of another host' => { url => $tls{'other-host'}->url('/v1/log_event'), state => 'waiting' } ],
	[ 'TLS certificate of nobody known' => { url => $tls{'self-signed'}->url('/v1/log_event'), state => 'waiting' } ],
	[ 'TLS where there is none' => { url => $receiver->url('/v1/log_event') =~ s/^http:/https:/r, state => 'waiting' } ],
	[ 'DNS failure' => { url => 'http://no-such-host.invalid/v1/log_event', state => 'waiting' } ],
	[ 'hang before the headers' => { fault => { kind => 'hang' }, state => 'waiting' } ],
	[ 'hang in the body' => { fault => { kind => 'hang_in_body' }, state => 'waiting' } ],
	[ 'drip, a byte a second' => { fault => { kind => 'drip', ms_per_byte => 1000 }, state => 'waiting' } ],
	[ 'drip, a byte of the head a second' => { fault => { kind => 'drip', ms_per_byte => 1000, head => JSON::PP::true }, state => 'waiting' } ],
	[ '100 Continue that nobody expects' => { fault => { kind => 'continue_100' } } ],
	[ '100 Continue refused' => { fault => { kind => 'refuse_expect' } } ],
	(map { [ "$_" => { fault => { kind => 'redirect', status => $_, location => $receiver->url('/elsewhere') }, state => 'refused' } ] }
	  301, 307),
	[ '400 to a whole batch' => { %{ status_is(400) }, state => 'refused' } ],
	[ '400 to one event of 500' =>
		{ fault => { kind => 'refuse_events', names => ['bad'] }, names => [ ('good') x 249, 'bad', ('good') x 250 ], dead => 1 } ],
	[ '422 to one event' =>
		{ fault => { kind => 'refuse_events', names => ['bad'], status => 422 }, names => [ ('good') x 5, 'bad', 'good' ], dead => 1 } ],
	(map { [ $_ => { %{ status_is($_) }, state => 'unauthorized' } ] } 401, 403),
	(map { [ $_ => { %{ status_is($_) }, state => 'refused' } ] } 404, 405),
	[ 408 => { %{ status_is(408) }, state => 'waiting' } ],
	[ 410 => { %{ status_is(410) }, state => 'refused' } ],
	[ '413 above 4 events' => { fault => { kind => 'too_large', max_events => 4 }, names => [ ('good') x 30 ] } ],
	[ 415 => { %{ status_is(415) }, state => 'refused' } ],
	[ '429, Retry-After in seconds' => { %{ status_is(429, retry_after => 1) }, state => 'waiting' } ],
	[ '429, Retry-After as a date' => { %{ status_is(429, retry_after => 1, retry_after_as => 'date') }, state => 'waiting' } ],
	[ '429 without Retry-After' => { %{ status_is(429) }, state => 'waiting' } ],
	(map { [ $_ => { %{ status_is($_) }, state => 'waiting' } ] } 500, 501, 502, 503, 504),
	[ 'no HTTP' => { fault => { kind => 'garbage' }, state => 'waiting' } ],
	[ 'a body that is no JSON' => { fault => { kind => 'garbage_body' }, state => 'waiting' } ],
	[ 'success false' => { fault => { kind => 'success_false' }, state => 'waiting' } ],
	[ 'partial success' => {
			options => { format => 'otlp' }, path => '/v1/logs', fault => { kind => 'partial_success', last => 2 }, left_out => 1 } ],
	(map { [ "an answer in $_, unasked" => { fault => { kind => 'encoded', encoding => $_ } } ] } qw(gzip deflate br)),
	[ 'an answer in an unknown encoding' => {
			options => { format => 'cloudevents', mode => 'batch' }, path => '/', fault => { kind => 'encoded', encoding => 'unknown' } } ],
	[ '1 GB of spaces in a gzip of 1 MB' => { fault => { kind => 'big_body', bytes => 1073741824, encoding => 'gzip' } } ],
	(map { [ "ClickHouse: 200 and an exception, $_->[0]" => {
				options => { format => 'ndjson' }, path => '/ndjson', state => 'waiting', error => qr/answered 200 with exception 241/,
				%{ status_is(200, %{ $_->[1] }) } } ] }
		  [ 'in a header' => { body => '', headers => { 'x-clickhouse-exception-code' => '241' } } ],
		[ 'in the body' => { body => "{}\nCode: 241. DB::Exception: Memory limit exceeded" } ]),
	[ 'a body of 1 GB' => { fault => { kind => 'big_body', bytes => 1073741824 } } ]);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Logs the events in a few transactions; each id with the time of its commit.
sub log_in_pieces
{
	my (@names) = @_;
	my %committed;
	while (my @piece = splice @names, 0, 125)
	{
		my @ids = log_events($node, @piece);
		my $now = time * 1000;
		$committed{$_} = $now foreach @ids;
		sleep 0.05;
	}
	return \%committed;
}

sub attempts { return forward_status($node, 'faulty')->{retried} }

# Lets the target meet the fault until it has been tried twice, where it shows a state, then mends the endpoint; the row.
sub meet
{
	my ($name, $case) = @_;
	$_->reset foreach $receiver, $healthy;
	my $path = $case->{path} // '/v1/log_event';
	my $good_url = $receiver->url($path);
	my %options = (timeout_ms => 700, compression => 'none', %{ $case->{options} // {} });
	create_target($node, 'faulty', url => $case->{url} // $good_url, %options);
	# No connection of the row before is kept.
	$receiver->close_port;
	$receiver->open_port unless $case->{closed};
	$receiver->faults($case->{fault}) if $case->{fault};
	my $committed = log_in_pieces(@{ $case->{names} // [ ('good') x 20 ] });
	my $shown = 'running';
	my $error;
	if ($case->{state})
	{
		my $status = wait_for_state($node, 'faulty', $case->{state});
		($shown, $error) = @$status{qw(state last_error)};
		wait_until('it has been tried twice', sub { attempts() >= 2 });
	}
	wait_for_ids($healthy, scalar keys %$committed);
	my $delay = max(map { $healthy->arrivals->{$_} - $committed->{$_} } (sort keys %$committed)[ 0, -1 ]);
	my $retried = attempts();
	if ($case->{state})
	{
		$receiver->open_port if $case->{closed};
		$receiver->faults;
		sql("ALTER SERVER faulty OPTIONS (SET url '$good_url')") if $case->{url};
	}
	wait_until("the events have settled: $name", sub {
			my $now = forward_status($node, 'faulty');
			return $now->{lag_events} == 0 && $now->{state} eq 'running' && $now->{in_flight} == 0;
		});
	my $stats = $receiver->stats;
	my %arrived = map { $_ => 1 } $receiver->ids;
	my %dead = map { $_->{event_id} => 1 } dead_letters($node, 'faulty');
	my $left_out = sql(q{SELECT left_out FROM eventlog.targets WHERE name = 'faulty'});
	my @lost = grep { !$arrived{$_} && !$dead{$_} } keys %$committed;
	my $late = sql(q{SELECT state || ', ' || retried || ' retried' FROM eventlog.forward_status WHERE target = 'healthy'});
	sql('DROP SERVER faulty CASCADE');
	return {
		name => $name, shown => $shown, error => $error, logged => scalar keys %$committed, arrived => scalar(grep { $arrived{$_} } keys %$committed),
		twice => $stats->{duplicate_ids}, dead => scalar keys %dead, left_out => $left_out, lost => @lost - $left_out, retried => $retried,
		delay => $delay, healthy => $late };
}

my @table = (sprintf '%-34s %-12s %7s %7s %6s %6s %6s %5s %8s', 'fault', 'state', 'retried', 'arrived', 'twice', 'dead', 'left', 'lost', 'other ms');
foreach my $row (@rows)
{
	my ($name, $case) = @$row;
	subtest $name => sub {
		my $met = eval { meet($name, $case) };
		if (!$met) { fail("ended early: $@"); sql('DROP SERVER IF EXISTS faulty CASCADE'); return }
		is($met->{shown}, $case->{state} // 'running', 'the state is shown') or diag($met->{error});
		like($met->{error}, $case->{error} // qr/\S/, '... with an error') if $case->{state};
		is($met->{dead}, $case->{dead} // 0, 'dead letters');
		is($met->{lost}, 0, 'nothing is lost');
		is($met->{arrived} + $met->{dead} + $met->{left_out}, $met->{logged}, 'the others have arrived');
		is($met->{left_out} > 0, !!$case->{left_out}, 'what the endpoint left out is counted');
		cmp_ok($met->{delay}, '<', $patience, 'the healthy target is not late');
		is($met->{healthy}, 'running, 0 retried', '... and runs');
		push @table, sprintf '%-34s %-12s %7d %7d %6d %6d %6d %5d %8.0f', @$met{qw(name shown retried arrived twice dead left_out lost delay)};
	};
}
note join "\n", @table;

is_free_of_crashes($node);
$node->stop;
$_->stop foreach $receiver, $healthy, values %tls;
done_testing();
