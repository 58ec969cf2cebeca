# The tests of the forwarder share these: a server with the extension, targets, events, and waiting.
package EventlogTest;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use FindBin;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_eventlog create_target forward_status dead_letters log_events worker_pid wait_until wait_for_ids wait_for_held
  wait_for_state configure start_pgbench is_running test_resolver is_free_of_crashes);

# A started server with the extension, preloaded, in database postgres. Settings are lines of postgresql.conf.
sub start_eventlog
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join "\n",
		q{shared_preload_libraries = 'eventlog'},
		q{log_line_prefix = '%m [%p] %b '},
		'log_statement = none',
		'restart_after_crash = on',
		@settings);
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION eventlog');
	return $node;
}

# Makes a target in Statsig's format. Options go to the server, but for api_key.
sub create_target
{
	my ($node, $target, %options) = @_;
	my $key = delete $options{api_key};
	$options{format} //= 'statsig';
	my $list = join ', ', map { "$_ '$options{$_}'" } sort keys %options;
	$node->safe_psql('postgres', "CREATE SERVER $target FOREIGN DATA WRAPPER eventlog OPTIONS ($list)"
		  . (defined $key ? ";CREATE USER MAPPING FOR CURRENT_USER SERVER $target OPTIONS (api_key '$key')" : ''));
	return;
}

# The target's row of eventlog.forward_status.
sub forward_status
{
	my ($node, $target) = @_;
	return decode_json($node->safe_psql('postgres',
			"SELECT to_json(s) FROM eventlog.forward_status s WHERE target = '$target'"));
}

# The target's rows of eventlog.dead_letters, in id order.
sub dead_letters
{
	my ($node, $target) = @_;
	return map { decode_json($_) } split /\n/, $node->safe_psql('postgres',
		"SELECT to_json(d) FROM eventlog.dead_letters d WHERE target = '$target' ORDER BY event_id");
}

# Logs flagged events of these names in one transaction; their ids.
sub log_events
{
	my ($node, @names) = @_;
	my $names = join ', ', map { "'$_'" } @names;
	return split /\n/, $node->safe_psql('postgres',
		"SELECT eventlog.log_event(n, forward_to_statsig => true) FROM unnest(ARRAY[$names]) WITH ORDINALITY AS e(n, i) ORDER BY i");
}

# The process id of the worker of database postgres.
sub worker_pid
{
	my ($node) = @_;
	return $node->safe_psql('postgres',
		q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = 'postgres'});
}

# Waits until the condition is true.
sub wait_until
{
	my ($what, $condition) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	until ($condition->())
	{
		die "timed out waiting until $what" if time > $deadline;
		sleep 0.05;
	}
	return;
}

# Waits until the endpoint has accepted so many distinct ids.
sub wait_for_ids
{
	my ($receiver, $count) = @_;
	wait_until("$count ids have arrived", sub { $receiver->stats->{distinct_ids} >= $count });
	return;
}

# Waits until a rule `hold` of the endpoint has so many requests in its hands, one by default. A target's in_flight counts
# requests that have not arrived yet, too.
sub wait_for_held
{
	my ($receiver, $count) = @_;
	$count //= 1;
	wait_until("$count requests are held", sub { $receiver->stats->{held} == $count });
	return;
}

# Waits until the target shows this state, and returns its row of eventlog.forward_status.
sub wait_for_state
{
	my ($node, $target, $state) = @_;
	my $status;
	wait_until("$target is $state", sub { ($status = forward_status($node, $target))->{state} eq $state });
	return $status;
}

# Changes settings of the running server: name => value.
sub configure
{
	my ($node, %settings) = @_;
	$node->safe_psql('postgres', join ';', (map { "ALTER SYSTEM SET $_ = '$settings{$_}'" } sort keys %settings),
		'SELECT pg_reload_conf()');
	return;
}

# A running pgbench without vacuum; its finish is true when no client has failed.
sub start_pgbench
{
	my ($node, @arguments) = @_;
	return IPC::Run::start([ 'pgbench', '-n', @arguments, $node->connstr('postgres') ],
		'<', \undef, '>&', "$PostgreSQL::Test::Utils::log_path/pgbench.log",
		IPC::Run::timeout(2 * $PostgreSQL::Test::Utils::timeout_default));
}

# Whether a process is still running, whose output is taken meanwhile. It may end between the question and the taking.
sub is_running
{
	my ($run) = @_;
	return $run->pumpable && eval { $run->pump_nb; 1 };
}

# A library to be preloaded into a server, which looks up names under .test as resolver.c has it.
sub test_resolver
{
	my $library = PostgreSQL::Test::Utils::tempdir('resolver') . '/resolver.so';
	PostgreSQL::Test::Utils::system_or_bail(qw(cc -shared -fPIC -o), $library, "$FindBin::RealBin/lib/resolver.c", '-ldl');
	return $library;
}

# Checks whether the server's log tells of no crash but those that the test has made, and of no error of the extension's processes.
sub is_free_of_crashes
{
	my ($node, $expected) = @_;
	my $log = slurp_file($node->logfile);
	my @crashes = $log =~ /(was terminated by signal.*|TRAP:.*|PANIC:.*)/g;
	is(scalar @crashes, $expected // 0, 'no process crashed but those killed here') or diag(join "\n", @crashes);
	my @errors = grep { !/due to administrator command/ }
	  $log =~ /(eventlog (?:worker|launcher) (?:WARNING|ERROR|FATAL|PANIC|LOG):  (?!eventlog: (?:target "|the server.s transaction numbers)|the library of extension ).*)/g;
	is("@errors", '', '... and no process of the extension met an error');
	return;
}

1;
