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
	ROUNDS => 8,
	SINGLE => 25,        # events that are logged one by one in each round
	MANY_ROUNDS => 3,
	MANY => 20_000,      # events that are logged at once in each of these rounds
	TIMES_SLOWER => 5,
	MS_SLOWER => 20,
	MS_SLOWER_MANY => 2000
};

my $healthy = EventReceiver->start;
my $broken = EventReceiver->start;
my $node = start_eventlog('isolation', 'eventlog.max_retry_interval = 500ms');
$node->safe_psql('postgres', target_ddl('healthy', $healthy->url('/ndjson')));

my $duplicates = 0;

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

# Returns how long each of SINGLE events takes from the log call to the healthy endpoint, in ms.
sub latencies
{
	$healthy->reset;
	my $last = sql('SELECT coalesce(max(event_id::text), $$0$$) FROM eventlog.events');
	start_pgbench($node, '-c', 1, '-t', SINGLE, '-R', 80, '-f', $script)->finish or die 'pgbench fails';
	my @singles = arrivals(SINGLE);
	my %logged_at = map { split /\|/ } split /\n/,
	  sql("SELECT event_id, extract(epoch FROM ingested_at) * 1000 FROM eventlog.events WHERE event_id::text > '$last'");
	$duplicates += $healthy->stats->{duplicate_ids};
	return map { $_->[1] - $logged_at{ $_->[0] } } @singles;
}

# Returns the time in which MANY events arrive at the healthy endpoint, in ms.
sub time_of_many
{
	$healthy->reset;
	sql("SELECT count(eventlog.log_event('many', '{\"plan\": \"pro\"}')) FROM generate_series(1, @{[ MANY ]})");
	my @times = map { $_->[1] } arrivals(MANY);
	$duplicates += $healthy->stats->{duplicate_ids};
	return $times[-1] - $times[0] + 1;
}

latencies();
time_of_many();

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

# Rounds with the ill targets and without them take turns, so that a machine that is busy for a while slows both.
my %figures = (alone => { single => [], many => [] }, beside => { single => [], many => [] });
foreach my $round (1 .. ROUNDS)
{
	foreach my $when (qw(alone beside))
	{
		my $function = $when eq 'alone' ? 'pause_target' : 'resume_target';
		sql("SELECT eventlog.$function('$_')") foreach sort keys %urls;
		push @{ $figures{$when}{single} }, latencies();
		push @{ $figures{$when}{many} }, time_of_many() if $round <= MANY_ROUNDS;
	}
}
my ($alone, $beside) = map { { single => median(@{ $_->{single} }), many => median(@{ $_->{many} }) } } @figures{qw(alone beside)};
diag(sprintf '%s: %.1f ms an event, %.0f events/s', $_->[0], $_->[1]{single}, MANY * 1000 / $_->[1]{many})
  foreach [ alone => $alone ], [ beside => $beside ];
cmp_ok($beside->{single}, '<=', TIMES_SLOWER * $alone->{single} + MS_SLOWER,
	'beside targets that hang, refuse, fail and dawdle, an event is as quick as alone');
cmp_ok($beside->{many}, '<=', TIMES_SLOWER * $alone->{many} + MS_SLOWER_MANY, '... also where there are many');
is($duplicates, 0, '... and has arrived once');
wait_until('those are ill', sub { targets_in('waiting') eq 'failing hanging refusing' });

$broken->faults;
sql(q{ALTER SERVER refusing OPTIONS (SET url '} . $broken->url('/refusing/ndjson') . q{')});
wait_until('all are well', sub { sql(q{SELECT count(*) FROM eventlog.forward_status WHERE lag_events > 0 OR state <> 'running'}) == 0 });
my %arrived;
foreach my $request (grep { $_->{accepted} } $broken->requests)
{
	my ($target) = $request->{path} =~ m{^/(\w+)/};
	$arrived{$target}{$_}++ foreach @{ $request->{ids} };
}
my $expected = 1 + 2 * (ROUNDS * SINGLE + MANY_ROUNDS * MANY);
is(scalar keys %{ $arrived{$_} }, $expected, "nothing has been lost: $_") foreach sort keys %urls;
is(sql('SELECT sum(dead) FROM eventlog.forward_status'), 0, '... or has become a dead letter');

is_free_of_crashes($node);
$node->stop;
$_->stop foreach $healthy, $broken;
done_testing();
