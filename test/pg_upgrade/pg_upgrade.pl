# A log survives pg_upgrade, copied and linked: rows, cursors, leases and dead letters are kept, nothing is sent meanwhile, and
# then the worker goes on by itself with what had not been sent, and consumers with what they had not been given. Run by test/pg_upgrade/run, which sets OLD_INSTALL, NEW_INSTALL.
use strict;
use warnings FATAL => 'all';

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use LogCopies;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

# The log of one of them has been restored from a dump before: its numbers are shifted.
my %offsets = (logs => 0, shifted => 5_000_000);
my @databases = sort keys %offsets;
my @targets = ('flagged', 'halfway', 'halted');
my $lags = 'SELECT sum(lag_events) FROM eventlog.forward_status';
my $states = q{SELECT string_agg(state, ' ' ORDER BY target) FROM eventlog.forward_status};
my $incarnation = 'SELECT incarnation FROM eventlog.cluster';
my $greatest = 'SELECT max(xid::text::bigint) FROM eventlog.events';
my $once = q{SELECT eventlog.log_event('once', idempotency_key => 'order 1')};
my %receivers = map { $_ => EventReceiver->start } @databases;

sub cluster
{
	my ($name, $installation, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => $installation);
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join "\n",
		q{shared_preload_libraries = 'eventlog'}, q{log_line_prefix = '%m [%p] %b '}, 'log_statement = none',
		'eventlog.max_retry_interval = 500ms', @settings);
	return $node;
}

sub each_database
{
	my ($check) = @_;
	$check->($_, $receivers{$_}) foreach @databases;
	return;
}

# ---- the old cluster -------------------------------------------------------------------------------------------------

my $old = cluster('old', $ENV{OLD_INSTALL});
$old->start;
my (%contents, %partitions, %unsent, %at, %first, %stopped);
each_database(sub {
	my ($database, $receiver) = @_;
	$old->safe_psql('postgres', "CREATE DATABASE $database; ALTER DATABASE $database SET eventlog.partition_width = '1h'");
	$old->safe_psql($database, 'CREATE EXTENSION eventlog; SELECT eventlog.maintain()');
	$old->safe_psql($database, "UPDATE eventlog.cluster SET xid_offset = $offsets{$database}");
});
# Processes know the offset by heart.
$old->restart;
each_database(sub {
	my ($database, $receiver) = @_;
	# The servers' oids begin further behind than they will in the new cluster, and lie side by side.
	$old->safe_psql($database, join ';', map { target_ddl("gone$_", $receiver->url('/gone')), "DROP SERVER gone$_" } 1 .. 3);
	$old->safe_psql($database, join ';', map { target_ddl(@$_) }
		  [ 'flagged', $receiver->url('/flagged'), events => 'flagged' ],
		[ 'halfway', $receiver->url('/halfway'), batch_events => 100, timeout_ms => 60_000 ],
		[ 'halted', $receiver->url('/halted') ]);
	my $refusing = { kind => 'refuse_events', names => ['refused'], path => '/flagged' };
	$receiver->faults($refusing);
	log_many($old, $database, 40, q{CASE WHEN i % 20 = 1 THEN 'refused' ELSE 'flagged' END, forward_to_statsig => true});
	wait_for_value($old, $database, $lags, 0);
	$old->safe_psql($database, q{SELECT eventlog.pause_target('halted')});
	stop_halfway($old, $database, 'halfway', $receiver, [$refusing]);
	store_ahead($old, $database, 3_600_000);
	$stopped{$database} = stop_consumers($old, $database);
	$old->safe_psql($database, q{SELECT eventlog.set_retention('eventlog.events', '90 days')});
	log_many($old, $database, 50);
	$first{$database} = $old->safe_psql($database, $once);
	my %arrived = arrivals($receiver);
	foreach my $target ('halfway', 'halted')
	{
		my %sent = map { $_ => 1 } @{ $arrived{$target} };
		$unsent{$database}{$target} = [ grep { !$sent{$_} } ids_of($old, $database, 'true') ];
	}
	is(scalar @{ $unsent{$database}{halfway} }, 452, "$database: one target has sent a part of its window");
	is($old->safe_psql($database, $states), 'running running paused', '... and one is paused');
	is($old->safe_psql($database, 'SELECT count(*) FROM eventlog.dead_letters'), 2, '... and there are dead letters');
});
$old->stop;
$old->start;
each_database(sub {
	my ($database, $receiver) = @_;
	$contents{$database} = contents_of($old, $database);
	$partitions{$database} = partitions_of($old, $database);
	$at{$database} = $old->safe_psql($database, "$incarnation; $greatest");
});
$old->stop;
$_->reset foreach values %receivers;

# ---- upgraded --------------------------------------------------------------------------------------------------------

foreach my $mode ('copy', 'link')
{
	my $new = cluster("new_$mode", $ENV{NEW_INSTALL});
	my @upgrade = ('pg_upgrade', '--no-sync', "--$mode", '--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir,
		'--old-bindir', "$ENV{OLD_INSTALL}/bin", '--new-bindir', "$ENV{NEW_INSTALL}/bin", '--socketdir', $new->host,
		'--old-port', $old->port, '--new-port', $new->port);
	chdir $new->basedir;
	command_ok([ @upgrade, '--check' ], "pg_upgrade --$mode --check");
	command_ok([@upgrade], "pg_upgrade --$mode");
	is(scalar(map { $_->requests } values %receivers), 0, '... sends nothing');

	# Where no worker adopts the log, commands on servers find the targets all the same.
	$new->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
	$new->start;
	each_database(sub {
		my ($database, $receiver) = @_;
		is(contents_of($new, $database), $contents{$database}, "$database: every row is there");
		is(partitions_of($new, $database), $partitions{$database}, '... and every partition, with bounds, indexes and triggers');
		is($new->safe_psql($database, "$incarnation; $greatest"), $at{$database}, '... and its numbers');
	});
	$new->safe_psql('logs', 'ALTER SERVER halted RENAME TO renamed; DROP SERVER flagged');
	is($new->safe_psql('logs', q{SELECT string_agg(name, ' ' ORDER BY name) FROM eventlog.targets}), 'halfway renamed',
		'a server is renamed and one dropped, with their cursors');
	is($new->safe_psql('logs', 'SELECT count(*) FROM eventlog.dead_letters'), 0, '... and dead letters');
	$new->append_conf('postgresql.conf', q{shared_preload_libraries = 'eventlog'});
	$new->restart;

	each_database(sub {
		my ($database, $receiver) = @_;
		my ($halted, $running) = $database eq 'logs' ? ('renamed', 'running paused') : ('halted', 'running running paused');
		wait_for_value($new, $database, q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
		my %arrived = arrivals($receiver);
		is_exactly($arrived{halfway}, $unsent{$database}{halfway}, "$database: the worker sends what was unsent");
		is(join(' ', sort keys %arrived), 'halfway', '... and nothing else');
		is($new->safe_psql($database, $states), $running, '... and what was paused is so');
		is($new->safe_psql($database, "$incarnation; $greatest"), $at{$database}, '... as the same log');
		my ($first) = ids_of($new, $database, 'true ORDER BY event_id DESC LIMIT 1');
		my @new = split /\n/, $new->safe_psql($database, q{SELECT eventlog.log_event('later', forward_to_statsig => true)
			FROM generate_series(1, 20)});
		cmp_ok($new[0], 'gt', $first, '... and ids go on');
		is($new->safe_psql($database, <<'SQL'), 't', '... and transaction numbers');
SELECT min(xid::text::bigint) FILTER (WHERE event_name = 'later') > max(xid::text::bigint) FILTER (WHERE event_name <> 'later')
FROM eventlog.events
SQL
		is($new->safe_psql($database, $once), $first{$database}, '... and an idempotency key is known');
		consumers_go_on($database, $stopped{$database}, $new, $database);
		my @redriven = split /\n/, $new->safe_psql($database, 'SELECT event_id FROM eventlog.dead_letters');
		$new->safe_psql($database, "SELECT eventlog.redrive('flagged')") if @redriven;
		$new->safe_psql($database, "SELECT eventlog.resume_target('$halted')");
		wait_for_value($new, $database, $lags, 0);
		wait_for_value($new, $database, 'SELECT count(*) FROM eventlog.dead_letters', 0);
		%arrived = arrivals($receiver);
		is_exactly($arrived{halfway}, \@new, '... and new events are sent');
		is_exactly($arrived{halted}, [ @{ $unsent{$database}{halted} }, @new ], '... to the resumed target with the unsent ones');
		is_exactly($arrived{flagged}, [ @redriven, @new ], '... and dead letters again') if $database ne 'logs';
	});
	is_free_of_crashes($new);
	$new->stop;
	$_->reset foreach values %receivers;
}
done_testing();
