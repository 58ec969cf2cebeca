# The cost of a preloading server while nothing is logged: a few wake-ups, next to no CPU time, no WAL.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $seconds = 10;

plan skip_all => 'needs /proc' if !-e '/proc/self/status';

my $receiver = EventReceiver->start;
my $node = start_eventlog('idle', 'autovacuum = off');
create_target($node, 'one', url => $receiver->url('/v1/log_event'));
$node->safe_psql('postgres', 'CREATE DATABASE without_extension');
log_events($node, 'first');
wait_for_ids($receiver, 1);

sub processes
{
	my ($type) = @_;
	return split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = '$type'");
}

# Returns the usage of processes until now: times they slept, and milliseconds of CPU.
sub use_of
{
	my ($sleeps, $cpu) = (0, 0);
	foreach my $pid (@_)
	{
		my ($switches) = slurp_file("/proc/$pid/status") =~ /^voluntary_ctxt_switches:\s*(\d+)/m;
		my @fields = split ' ', slurp_file("/proc/$pid/stat") =~ s/.*\) //sr;
		$sleeps += $switches;
		$cpu += ($fields[11] + $fields[12]) * 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
	}
	return ($sleeps, $cpu);
}

my @launchers = processes('eventlog launcher');
my @workers = processes('eventlog worker');
is(scalar @launchers, 1, 'one launcher');
is(scalar @workers, 1, 'one worker, in the database that has the extension');

# The answer is settled, and the server itself has nothing left to write.
wait_until('the position is stored', sub { forward_status($node, 'one')->{sent} == 1 });
$node->safe_psql('postgres', 'CHECKPOINT');
sleep 1;

# pg_current_snapshot() takes no transaction number itself.
my $state = 'SELECT pg_current_wal_insert_lsn(), pg_snapshot_xmax(pg_current_snapshot())';
my ($lsn, $next_xid) = split /\|/, $node->safe_psql('postgres', $state);
my %before = (launcher => [ use_of(@launchers) ], worker => [ use_of(@workers) ]);
sleep $seconds;
my %after = (launcher => [ use_of(@launchers) ], worker => [ use_of(@workers) ]);
my ($end_lsn, $end_xid) = split /\|/, $node->safe_psql('postgres', $state);

# A second; the worker looks for what it was not told of once a second, by default.
my %most_sleeps = (launcher => 1, worker => 4);
foreach my $process ('launcher', 'worker')
{
	my $sleeps = ($after{$process}[0] - $before{$process}[0]) / $seconds;
	my $cpu = ($after{$process}[1] - $before{$process}[1]) / $seconds;
	diag(sprintf '%s: %.1f sleeps and %.1f ms of CPU a second', $process, $sleeps, $cpu);
	cmp_ok($sleeps, '<=', $most_sleeps{$process}, "the $process wakes at most so often");
	cmp_ok($cpu, '<=', 20, '... for at most 2 % of a CPU');
}

is($end_xid, $next_xid, 'no transaction number is used');

# The background writer notes the running transactions now and then; nobody else writes.
my @records = ();
if ($end_lsn ne $lsn)
{
	my ($dump) = run_command(
		[ 'pg_waldump', '--path', $node->data_dir . '/pg_wal', '--start', $lsn, '--end', $end_lsn ]);
	@records = grep { !/\bRUNNING_XACTS\b/ } split /\n/, $dump;
}
is("@records", '', 'no WAL is written');
is($receiver->stats->{requests}, 1, 'nothing is sent');
is_free_of_crashes($node);

$node->stop;
done_testing();
