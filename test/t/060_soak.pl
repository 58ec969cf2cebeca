# Kills at random of the worker, of backends, of the server and of the endpoint, while eight sessions log: what has been
# committed is delivered at least once, what has not never is, and the worker does not grow.
#
# EVENTLOG_SOAK_SECONDS says for how long, EVENTLOG_SOAK_SEED repeats the strikes of another run.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventWriters;
use EventlogDatabases;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
	RATE => 100,               # transactions a second
	GROWTH_KB => 4096,         # of the worker's memory, while only the endpoint fails
	LARGEST_KB => 64 * 1024,
	MORE_FDS => 8
};

my $seconds = $ENV{EVENTLOG_SOAK_SECONDS} || 30;
my $seed = $ENV{EVENTLOG_SOAK_SEED} || int(rand(2**31));
srand $seed;
diag("$seconds s of soak; EVENTLOG_SOAK_SEED=$seed");

my $receiver = EventReceiver->start;
my $node = start_eventlog('soak',
	'fsync = on',
	'max_connections = 40',
	'max_prepared_transactions = 100',
	'eventlog.max_retry_interval = 500ms',
	'eventlog.poll_interval = 200ms');
$node->safe_psql('postgres', target_ddl('sink', $receiver->url('/ndjson'), timeout_ms => 1000));
my $writers = EventWriters->new($node, rate => RATE);
my %strikes;

# ---- strikes ---------------------------------------------------------------------------------------------------------

# psql may find the connection gone before it has read its query, which IPC::Run dies of.
sub is_up
{
	return eval { ($node->psql('postgres', 'SELECT 1'))[0] == 0 };
}

sub wait_for_server
{
	wait_until('the server is up', \&is_up);
	return;
}

# Sends the signal to a process that fits the condition, if there is one. A killed one takes all others with it, and the
# server comes back by itself.
sub strike_process
{
	my ($signal, $condition) = @_;
	my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $condition ORDER BY random() LIMIT 1");
	my $log_end = -s $node->logfile;
	return if $pid eq '' || !kill $signal, $pid;
	$node->wait_for_log(qr/\(PID $pid\) was terminated by signal 9/, $log_end) if $signal eq 'KILL';
	return;
}

my $worker = q{backend_type = 'eventlog worker'};
my $writer = q{backend_type = 'client backend' AND application_name = 'pgbench'};

my %server_strikes = (
	'worker killed' => sub { strike_process('KILL', $worker) },
	'worker terminated' => sub { strike_process('TERM', $worker) },
	'launcher killed' => sub { strike_process('KILL', q{backend_type = 'eventlog launcher'}) },
	'backend killed' => sub { strike_process('KILL', $writer) },
	'backend terminated' => sub { strike_process('TERM', $writer) },
	'server stopped at once' => sub { $node->stop('immediate'); $node->start });

# Lasts until the next strike.
my %endpoint_strikes = (
	'endpoint killed' => sub { $receiver->crash },
	'endpoint away' => sub { $receiver->close_port; sleep rand 1; $receiver->open_port },
	'endpoint hangs' => sub { $receiver->faults({ kind => 'hang', probability => 0.3 }) },
	'endpoint fails' => sub { $receiver->faults({ kind => 'status', status => 503, probability => 0.5 }) },
	'answers lost' => sub { $receiver->faults({ kind => 'reset_before_response', probability => 0.5 }) },
	'answers cut' => sub { $receiver->faults({ kind => 'half_response', probability => 0.5 }) },
	'requests cut' => sub { $receiver->faults({ kind => 'reset_after_bytes', bytes => 300, probability => 0.5 }) },
	'endpoint slow' => sub { $receiver->faults({ kind => 'delay', ms => 200, probability => 0.5 }) });

# Strikes at random until the time has come.
sub strike_until
{
	my ($end, %choice) = @_;
	my @names = sort keys %choice;
	while (time < $end)
	{
		wait_for_server();
		$writers->keep_writing;
		sleep 0.3 + rand 1;
		$receiver->faults;
		my $name = $names[ rand @names ];
		$choice{$name}->();
		$strikes{$name}++;
	}
	$receiver->faults;
	wait_for_server();
	$writers->keep_writing;
	return;
}

# ---- what the worker uses --------------------------------------------------------------------------------------------

# Its pid, the kB of memory that are its own and with what it shares, and the number of open files.
sub use_of_worker
{
	my $pid;
	wait_until('there is a worker', sub { ($pid = worker_pid($node)) ne '' });
	my %kb = slurp_file("/proc/$pid/status") =~ /^(RssAnon|VmRSS):\s*(\d+) kB/mg;
	my @fds = glob "/proc/$pid/fd/*";
	return { pid => $pid, own => $kb{RssAnon}, all => $kb{VmRSS}, fds => scalar @fds };
}

sub print_use
{
	my ($when, $use) = @_;
	diag(sprintf 'worker %s: %d kB of its own (VmRSS %d kB), %d open files', $when, @$use{qw(own all fds)});
	return;
}

# Waits until the worker has settled this many events more.
sub wait_for_flow
{
	my ($count) = @_;
	my $sent = forward_status($node, 'sink')->{sent};
	wait_until('events flow', sub {
			$writers->keep_writing;
			return forward_status($node, 'sink')->{sent} >= $sent + $count;
		});
	return;
}

# ---- the run ---------------------------------------------------------------------------------------------------------

my $started = time;
$writers->keep_writing;
wait_for_flow(500);
my $first = use_of_worker();
print_use('at the start', $first);

strike_until($started + $seconds * 0.6, %server_strikes, %endpoint_strikes);
wait_for_flow(500);

my $before = use_of_worker();
print_use('when it is left alone', $before);
strike_until($started + $seconds, %endpoint_strikes);
wait_for_flow(500);
my $after = use_of_worker();
print_use('at the end', $after);
$writers->stop;
diag('prepared transactions that outlived their sessions: ' . resolve_prepared($node));
diag('strikes: ' . join ', ', map { "$_ $strikes{$_}" } sort keys %strikes);

is($after->{pid}, $before->{pid}, 'no fault of the endpoint has ended the worker');
cmp_ok($after->{own} - $before->{own}, '<=', GROWTH_KB, '... nor has it grown');
cmp_ok($after->{fds} - $before->{fds}, '<=', MORE_FDS, '... nor kept files open');
cmp_ok($after->{own}, '<=', LARGEST_KB, '... and it is small');

wait_until('all are settled', sub { forward_status($node, 'sink')->{lag_events} == 0 });
my $delivery = delivery_of($node, map { @{ $_->{ids} } } grep { $_->{accepted} } $receiver->requests);
diag(sprintf '%d events, %d duplicates', $delivery->{committed}, $delivery->{duplicates});
cmp_ok($delivery->{committed}, '>', 1000, 'events have been committed');
is("@{ $delivery->{missing} }", '', '... all of which have been delivered');
is("@{ $delivery->{unknown} }", '', '... and nothing that has been rolled back');
is($delivery->{disordered}, 0, '... those of a session in order');
my $status = forward_status($node, 'sink');
is("$status->{state} $status->{dead}", 'running 0', '... and nothing is a dead letter');

my $log = slurp_file($node->logfile);
my @crashes = $log =~ /(was terminated by signal (?!9\b).*|TRAP:.*|PANIC:.*)/g;
is("@crashes", '', 'no process crashed but those killed');
my @errors = grep { !/due to administrator command/ }
  $log =~ /(eventlog (?:worker|launcher) (?:WARNING|ERROR|FATAL|PANIC|LOG):  (?!eventlog: target ").*)/g;
is("@errors", '', '... and no process of the extension met an error');

$node->stop;
$receiver->stop;
done_testing();
