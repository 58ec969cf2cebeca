# A server that the forwarder must get along with: one that is short of files or processes, has many databases, is being
# upgraded, or whose resolver does not answer.
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
use Time::HiRes qw(sleep time);

use constant {
	DATABASES => 20,
	FD_LIMIT => 100,
	HANGING_TARGETS => 120,
	PROMPT => 10    # seconds: more than any of this takes, less than what it must not wait for
};

my $receiver = EventReceiver->start;
my $ndjson = $receiver->url('/ndjson');
my $log = q{SELECT eventlog.log_event('here')};

# A server on which a target may have to wait for long; without what runs of other extensions.
sub start_server
{
	my ($name, @settings) = @_;
	return start_eventlog($name, 'max_logical_replication_workers = 0', 'eventlog.max_retry_interval = 500ms',
		'eventlog.poll_interval = 200ms', @settings);
}

sub workers
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog worker'});
}

sub wait_for_arrival
{
	my (@ids) = @_;
	wait_until('all have arrived', sub {
			my %arrived = map { $_ => 1 } $receiver->ids;
			return !grep { !$arrived{$_} } @ids;
		});
	return;
}

sub is_prompt
{
	my ($name, $action) = @_;
	my $start = time;
	$action->();
	cmp_ok(time - $start, '<', PROMPT, $name);
	return;
}

# ---- many databases --------------------------------------------------------------------------------------------------

my $node = start_server('many', 'max_worker_processes = 40', 'max_connections = 60');
my @databases = map { "log$_" } 1 .. DATABASES;
$node->safe_psql('postgres', 'CREATE DATABASE template_log');
$node->safe_psql('template_log', 'CREATE EXTENSION eventlog');
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template_log") foreach @databases;
my @ids;
foreach my $database (@databases)
{
	push @ids, $node->safe_psql($database, target_ddl('sink', $ndjson) . ";$log");
}
wait_for_arrival(@ids);
pass(DATABASES . ' databases made from one: the events of each arrive');
wait_until('all have a worker', sub { workers($node) == DATABASES + 2 });
is($node->safe_psql('postgres', q{SELECT count(DISTINCT datname) FROM pg_stat_activity WHERE backend_type = 'eventlog worker'}),
	DATABASES + 2, '... through a worker of its own');
is_prompt('dropped one after the other', sub { $node->safe_psql('postgres', "DROP DATABASE $_") foreach @databases });
wait_until('their workers have gone', sub { workers($node) == 2 });
pass('... they leave no worker');
is_free_of_crashes($node);
$node->stop;

# ---- no process is free ----------------------------------------------------------------------------------------------

# One for the launcher, two for workers.
$node = start_server('crowded', 'max_worker_processes = 3');
my $log_end = -s $node->logfile;
my %held_back;
foreach my $database (qw(one two three))
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	is_prompt("a log call in database $database", sub {
			$node->safe_psql($database, 'CREATE EXTENSION eventlog;' . target_ddl('sink', $ndjson));
			$held_back{$database} = $node->safe_psql($database, $log);
		});
}
$node->wait_for_log(qr/no process is free for the worker of database/, $log_end);
pass('more databases than processes: the log says so');
wait_until('there are as many workers as can be', sub { workers($node) == 2 });
my @served = split /\n/,
  $node->safe_psql('postgres', q{SELECT datname FROM pg_stat_activity WHERE backend_type = 'eventlog worker'});
foreach my $database (grep { exists $held_back{$_} } @served)
{
	wait_for_arrival(delete $held_back{$database});
	$node->safe_psql('postgres', "DROP DATABASE $database");
}
$node->safe_psql('postgres', 'SET eventlog.allow_drop = on; DROP EXTENSION eventlog CASCADE');
wait_for_arrival(values %held_back);
pass('... those that went without have one once others have gone');
my @told = slurp_file($node->logfile) =~ /(no process is free)/g;
cmp_ok(scalar @told, '<', 60, '... and the log is not filled meanwhile');
$node->stop;

# ---- few files -------------------------------------------------------------------------------------------------------

# Has the server started with so many open files a process at most. The limit of this process is the server's.
sub restart_with_few_files
{
	my ($server) = @_;
	my ($soft) = slurp_file('/proc/self/limits') =~ /^Max open files\s+(\S+)/m;
	system_or_bail('prlimit', "--pid=$$", '--nofile=' . FD_LIMIT . ':');
	$server->restart;
	system_or_bail('prlimit', "--pid=$$", "--nofile=$soft:");
	return;
}

$node = start_server('few_files');
restart_with_few_files($node);
like(slurp_file("/proc/@{[ worker_or_wait($node) ]}/limits"), qr/^Max open files\s+@{[ FD_LIMIT ]}\s/m, 'a server with few files');

# The worker's pid, once there is one.
sub worker_or_wait
{
	my ($server) = @_;
	my $pid;
	wait_until('there is a worker', sub { ($pid = worker_pid($server)) ne '' });
	return $pid;
}

$receiver->reset;
$receiver->faults({ kind => 'hang', path => '/hang' });
$node->safe_psql('postgres', join ';',
	map { target_ddl("hanging$_", $receiver->url('/hang/ndjson'), timeout_ms => 5000) } 1 .. HANGING_TARGETS);
@ids = log_events($node, ('flows') x 10);
my $met = q{SELECT count(*) FILTER (WHERE last_error LIKE 'No file descriptor is free%'), count(*) FILTER (WHERE in_flight > 0)
	FROM eventlog.forward_status};
wait_until('targets wait for files and for answers', sub { $node->safe_psql('postgres', $met) =~ /^[1-9]\d*\|[1-9]/ });
is_prompt('backends log meanwhile', sub { push @ids, log_events($node, ('flows') x 10) });
$receiver->faults;
wait_until('every target has got everything', sub {
		$node->safe_psql('postgres', q{SELECT count(*) FROM eventlog.forward_status WHERE lag_events > 0}) == 0;
	});
wait_for_arrival(@ids);
pass('more hanging targets than files: nothing is lost');
is($node->safe_psql('postgres', 'SELECT sum(dead) FROM eventlog.forward_status'), 0, '... or given up');
is_free_of_crashes($node);
$node->stop;

# ---- names -----------------------------------------------------------------------------------------------------------

$node = start_server('names');
{
	local $ENV{LD_PRELOAD} = test_resolver();
	$node->restart;
}
$receiver->reset;
$node->safe_psql('postgres', target_ddl('healthy', $ndjson));
$node->safe_psql('postgres', target_ddl('unknown', 'http://nonexistent.invalid/', timeout_ms => 1000));
$node->safe_psql('postgres', target_ddl("hanging$_", "http://name$_.hanging.test/", timeout_ms => 1000)) foreach 1 .. 5;

# The loop goes on until every name has been looked up and every lookup has been given up several times.
my $rounds = 0;
my $slowest = 0;
wait_until('the others have failed', sub {
		my $start = time;
		wait_for_arrival(log_events($node, 'flows'));
		$slowest = time - $start if time - $start > $slowest;
		$rounds++;
		return $node->safe_psql('postgres', q{SELECT count(*) FROM eventlog.forward_status WHERE retried > 1}) == 6;
	});
diag(sprintf 'beside hanging lookups: %d events, the slowest in %.2f s', $rounds, $slowest);
cmp_ok($slowest, '<', PROMPT, 'names that are not found or looked up for ever delay no other target');
is($node->safe_psql('postgres', q{SELECT string_agg(DISTINCT state, ' ') FROM eventlog.forward_status WHERE target <> 'healthy'}),
	'waiting', '... whose state tells of them');
like(forward_status($node, 'unknown')->{last_error}, qr/resolve/i, '... and of what is wrong with them');
is_prompt('DROP SERVER while its name is looked up', sub { $node->safe_psql('postgres', 'DROP SERVER hanging1') });
is_prompt('pg_terminate_backend() of the worker meanwhile', sub {
		my $worker = worker_or_wait($node);
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
		wait_until('there is another', sub { worker_pid($node) =~ /^(?!$worker$)\d/ });
	});
wait_for_arrival(log_events($node, 'flows'));
wait_until('names are looked up again',
	sub { $node->safe_psql('postgres', 'SELECT count(*) > 0 FROM eventlog.forward_status WHERE in_flight > 0') eq 't' });
is_prompt('and fast shutdown', sub { $node->stop('fast') });
is_free_of_crashes($node);

# ---- while pg_upgrade runs -------------------------------------------------------------------------------------------

$node = start_server('upgrade');
$node->safe_psql('postgres', target_ddl('sink', $ndjson) . q{; SELECT eventlog.pause_target('sink')});
@ids = log_events($node, 'held_back');
$node->stop;
$receiver->reset;
my @pg_ctl = ('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile);
system_or_bail(@pg_ctl, '-o', '-b', 'start');
$node->safe_psql('postgres', q{SELECT eventlog.resume_target('sink')});
sleep 2;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'eventlog%'}),
	0, 'in binary upgrade mode nothing of the extension runs');
is($receiver->stats->{requests}, 0, '... and nothing is sent');
system_or_bail(@pg_ctl, '-m', 'fast', 'stop');
$node->start;
wait_for_arrival(@ids);
pass('... until the server starts again');
is_free_of_crashes($node);
$node->stop;

$receiver->stop;
done_testing();
