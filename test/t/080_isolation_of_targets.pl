# A target whose endpoint hangs, is missing, fails or is slow costs a healthy target beside it next to nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	SINGLE => 200,       # events that are logged one by one
	MANY => 50_000,      # events that are logged at once
	TIMES_SLOWER => 5,
	MS_SLOWER => 20,
	MS_SLOWER_MANY => 2000
};

my $healthy = EventReceiver->start;
my $broken = EventReceiver->start;
my $node = start_eventlog('isolation', 'eventlog.max_retry_interval = 500ms');
$node->safe_psql('postgres', target_ddl('healthy', $healthy->url('/ndjson')));

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub targets_in
{
	my ($state) = @_;
	return sql("SELECT string_agg(target, ' ' ORDER BY target) FROM eventlog.forward_status WHERE state = '$state'");
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return $sorted[ $#sorted / 2 ];
}

# Waits until the healthy target has got so many events; pairs of id and the time of arrival in ms.
sub arrivals
{
	my ($count) = @_;
	wait_for_ids($healthy, $count);
	return map {
		my $request = $_;
		map { [ $_, $request->{at} ] } @{ $request->{ids} }
	} grep { $_->{accepted} } $healthy->requests;
}

my $script = "$PostgreSQL::Test::Utils::tmp_check/single.sql";
append_to_file($script, "SELECT eventlog.log_event('single');\n");

# Returns the figures of the healthy target, in ms: the median from log call to endpoint of SINGLE events, and the time in which
# MANY arrive.
sub measure
{
	my ($when) = @_;
	$healthy->reset;
	my $last = sql('SELECT coalesce(max(event_id::text), $$0$$) FROM eventlog.events');
	start_pgbench($node, '-c', 1, '-t', SINGLE, '-R', 80, '-f', $script)->finish or die 'pgbench fails';
	my @singles = arrivals(SINGLE);
	my %logged_at = map { split /\|/ } split /\n/,
	  sql("SELECT event_id, extract(epoch FROM ingested_at) * 1000 FROM eventlog.events WHERE event_id::text > '$last'");
	my $latency = median(map { $_->[1] - $logged_at{ $_->[0] } } @singles);
	is($healthy->stats->{duplicate_ids}, 0, "$when: each event has arrived once");

	$healthy->reset;
	sql("SELECT count(eventlog.log_event('many', '{\"plan\": \"pro\"}')) FROM generate_series(1, @{[ MANY ]})");
	my @times = map { $_->[1] } arrivals(MANY);
	my $many = $times[-1] - $times[0] + 1;
	is($healthy->stats->{duplicate_ids}, 0, '... also of many');
	diag(sprintf '%s: %.1f ms an event, %.0f events/s', $when, $latency, MANY * 1000 / $many);
	return { latency => $latency, many => $many };
}

measure('warming up');
my $alone = measure('alone');

my %urls = map { $_ => $broken->url("/$_/ndjson") } qw(hanging failing slow);
$urls{refusing} = 'http://127.0.0.1:' . PostgreSQL::Test::Cluster::get_free_port() . '/';
$broken->faults(
	{ kind => 'hang', path => '/hanging' },
	{ kind => 'status', status => 500, path => '/failing' },
	{ kind => 'delay', ms => 500, path => '/slow' });
sql(target_ddl($_, $urls{$_}, timeout_ms => 1500)) foreach sort keys %urls;
log_events($node, 'first');
wait_until('the breakers are open',
	sub { targets_in('waiting') eq 'failing hanging refusing' });
is(targets_in('running'), 'healthy slow', 'the states tell who is ill');
is(sql(q{SELECT count(*) FROM eventlog.forward_status WHERE state = 'waiting' AND (last_error IS NULL OR last_error_at IS NULL OR retried = 0)}),
	0, '... of what, since when, and that it is tried again');

my $beside = measure('beside targets that hang, refuse, fail and dawdle');
cmp_ok($beside->{latency}, '<=', TIMES_SLOWER * $alone->{latency} + MS_SLOWER, '... it is as quick');
cmp_ok($beside->{many}, '<=', TIMES_SLOWER * $alone->{many} + MS_SLOWER_MANY, '... also where there are many');
is(targets_in('waiting'), 'failing hanging refusing', '... while those are ill');

$broken->faults;
sql(q{ALTER SERVER refusing OPTIONS (SET url '} . $broken->url('/refusing/ndjson') . q{')});
wait_until('all are well', sub { sql(q{SELECT count(*) FROM eventlog.forward_status WHERE lag_events > 0 OR state <> 'running'}) == 0 });
my %arrived;
foreach my $request (grep { $_->{accepted} } $broken->requests)
{
	my ($target) = $request->{path} =~ m{^/(\w+)/};
	$arrived{$target}{$_}++ foreach @{ $request->{ids} };
}
my $expected = 1 + SINGLE + MANY;
is(scalar keys %{ $arrived{$_} }, $expected, "nothing has been lost: $_") foreach sort keys %urls;
is(sql('SELECT sum(dead) FROM eventlog.forward_status'), 0, '... or has become a dead letter');

is_free_of_crashes($node);
$node->stop;
$_->stop foreach $healthy, $broken;
done_testing();
