# Every way that pg_dump, pg_dumpall and pg_restore offer to move a log: whole, in parallel, by sections, schema and data apart,
# single tables. What is moved is complete, its targets wait for resume_target() and its consumers go on; what cannot be moved so
# is refused and changes nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use LogCopies;
use OldPartitions;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $receiver = EventReceiver->start;
my $log = q{SELECT eventlog.log_event('new', forward_to_statsig => true)};
my $states = q{SELECT string_agg(state, ' ' ORDER BY target) FROM eventlog.forward_status};
my $lags = 'SELECT sum(lag_events) FROM eventlog.forward_status';
my @targets = ('flagged', 'halfway', 'halted');

# Numbers of transactions in front of and behind those of the log.
my $origin = start_eventlog('origin');
my $behind = start_eventlog('behind', 'max_worker_processes = 30');
my $ahead = start_eventlog('ahead');
$ahead->stop;
command_ok([ 'pg_resetwal', '--epoch=7', '--pgdata', $ahead->data_dir ], 'a cluster whose numbers are far ahead');
$ahead->start;

# ---- the log that is dumped ------------------------------------------------------------------------------------------

$origin->safe_psql('postgres', <<'SQL');
DO $$ BEGIN FOR i IN 1 .. 5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$;
CREATE DATABASE logs;
CREATE ROLE auditor LOGIN;
ALTER ROLE auditor SET eventlog.source = 'audit';
ALTER ROLE auditor IN DATABASE logs SET eventlog.app_version = '7.0';
ALTER DATABASE logs SET eventlog.partition_width = '1h';
SQL
$origin->safe_psql('logs', join ';', 'CREATE EXTENSION eventlog',
	'GRANT USAGE ON SCHEMA eventlog TO auditor', 'GRANT SELECT ON eventlog.events TO auditor',
	target_ddl('flagged', $receiver->url('/flagged'), events => 'flagged'),
	target_ddl('halfway', $receiver->url('/halfway'), batch_events => 100, timeout_ms => 300_000),
	target_ddl('halted', $receiver->url('/halted')));
my $refusing = { kind => 'refuse_events', names => ['refused'], path => '/flagged' };
$receiver->faults($refusing);
log_many($origin, 'logs', 40,
	q{CASE WHEN i % 20 = 1 THEN 'refused' ELSE 'flagged' END, forward_to_statsig => true, idempotency_key => 'key ' || i});
store_ahead($origin, 'logs', 3_600_000);
can_make_old_partitions($origin, 'logs');
old_partition($origin, 10, database => 'logs', events => 1, xid => 'new', flagged => 'false');
wait_for_value($origin, 'logs', $lags, 0);
$origin->safe_psql('logs', q{SELECT eventlog.pause_target('halted')});
stop_halfway($origin, 'logs', 'halfway', $receiver, [$refusing]);
store_ahead($origin, 'logs', 3_600_000);
my $stopped = stop_consumers($origin, 'logs');
# The oldest partition is due, and held for the first event of a consumer.
$origin->safe_psql('logs', q{SELECT eventlog.set_retention('eventlog.events', '5 days')});
log_many($origin, 'logs', 50);
my %delivered = arrivals($receiver);
my %unsent = (flagged => []);
foreach my $target ('halfway', 'halted')
{
	my %sent = map { $_ => 1 } @{ $delivered{$target} };
	$unsent{$target} = [ grep { !$sent{$_} } ids_of($origin, 'logs', 'true') ];
}
is(scalar @{ $unsent{halfway} }, 451, 'one target has sent a part of its window');
my @dead = split /\n/, $origin->safe_psql('logs', 'SELECT event_id FROM eventlog.dead_letters');
is(scalar @dead, 2, '... and there are dead letters');
my $again = q{SELECT eventlog.log_event('flagged', forward_to_statsig => true, idempotency_key => 'key 2')};
my $first = $origin->safe_psql('logs', $again);
my $contents = contents_of($origin, 'logs');
my $partitions = partitions_of($origin, 'logs');
like($contents, qr/^eventlog\.$_\|/m, "what is compared: $_")
  foreach 'consumer_definitions\|2', 'dead_letters\|2', 'events\|79\d', 'idempotency_keys\|40', 'leases\|8', 'reader_position\|5',
  'reader_window\|5', 'retention\|1', 'targets\|3';

my $folder = PostgreSQL::Test::Utils::tempdir('dumps');
sub dump_log
{
	my ($name, @options) = @_;
	$origin->command_ok([ 'pg_dump', '--file', "$folder/$name", @options, 'logs' ], "pg_dump @options");
	return;
}
dump_log('directory', qw(--format=directory --jobs=4 --create));
dump_log('schema', qw(--schema-only));
dump_log('data', qw(--data-only));
dump_log('inserts', qw(--column-inserts --rows-per-insert=100));
dump_log('events', qw(--data-only --table=eventlog.events_p* --table=eventlog.events_old*));
$origin->command_ok([ 'pg_dumpall', '--globals-only', '--file', "$folder/globals" ], 'pg_dumpall --globals-only');
$origin->stop;
$receiver->faults;

# ---- restored --------------------------------------------------------------------------------------------------------

sub psql_ok
{
	my ($node, $database, $file, @options) = @_;
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', "$folder/$file", @options, $node->connstr($database) ],
		"psql @options < $file");
	return;
}

sub restore_ok
{
	my ($node, $database, @options) = @_;
	$node->command_ok([ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr($database), @options, "$folder/directory" ],
		"pg_restore @options");
	return;
}

# Roles first, as an administrator does; the roles that every cluster has are there already.
$behind->command_ok([ 'psql', '-Xq', '--file', "$folder/globals", $behind->connstr('postgres') ], 'the globals are restored');
$_->safe_psql('postgres', 'CREATE ROLE auditor LOGIN') foreach $ahead;

my %ways = (
	'in four jobs, with its database' => [ $behind, 'logs', sub { restore_ok($behind, 'postgres', '--create', '--jobs=4') } ],
	'in four jobs, numbers ahead' => [ $ahead, 'logs', sub { restore_ok($ahead, 'logs', '--jobs=4') } ],
	'over an older copy' => [ $behind, 'again', sub {
		restore_ok(@_);
		$behind->safe_psql('again', $log);
		restore_ok(@_, '--clean', '--if-exists');
	} ],
	'by sections' => [ $behind, 'sections', sub { restore_ok(@_, "--section=$_") foreach 'pre-data', 'data', 'post-data' } ],
	'schema and data apart' => [ $behind, 'apart', sub { psql_ok(@_, $_) foreach 'schema', 'data' } ],
	'by INSERT, in one transaction' => [ $behind, 'inserts', sub { psql_ok(@_, 'inserts', '--single-transaction') } ]);
foreach my $way (sort keys %ways)
{
	my ($node, $database, $restore) = @{ $ways{$way} };
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0") unless $way =~ /with its database/;
	$restore->($node, $database);
	is(contents_of($node, $database), $contents, "$way: every row of every table is there");
	is(partitions_of($node, $database), $partitions, '... and every partition, with bounds, indexes and triggers');
	is($node->safe_psql($database, $states), 'paused paused paused', '... and every target is paused');
}
my %arrived = arrivals($receiver);
is(join(' ', keys %arrived), '', 'nothing has been sent');

is($behind->safe_psql('postgres', <<'SQL'), <<'END' =~ s/\n$//r, 'settings of databases and roles are kept');
SELECT datname, rolname, setconfig FROM pg_db_role_setting
LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole
WHERE setconfig::text ~ 'eventlog' ORDER BY setconfig::text COLLATE "C"
SQL
logs|auditor|{eventlog.app_version=7.0}
logs||{eventlog.partition_width=1h}
|auditor|{eventlog.source=audit}
END
is($behind->safe_psql('logs', 'SELECT count(*) FROM eventlog.events', extra_params => [ '-U', 'auditor' ]) > 700, 1,
	'... and grants');

foreach my $way (sort keys %ways)
{
	my ($node, $database) = @{ $ways{$way} };
	my $new = $node->safe_psql($database, $log);
	is($node->safe_psql($database, $states), 'paused paused paused', "$way, at work: the targets stay paused");
	is($node->safe_psql($database, $again), $first, '... and an idempotency key is known');
	is(refusal($node, $database, $again =~ s/'flagged'/'other'/r)->{sqlstate}, '23505', '... with what it stands for');
	$node->safe_psql($database, "SELECT eventlog.resume_target('$_')") foreach @targets;
	wait_for_value($node, $database, $lags, 0);
	%arrived = arrivals($receiver);
	is_exactly($arrived{$_}, [ @{ $unsent{$_} }, $new ], "... until they are resumed: $_ sends what was unsent") foreach @targets;
	is($node->safe_psql($database, q{SELECT eventlog.redrive('flagged')}), 2, '... and its dead letters are sent again');
	wait_for_value($node, $database, 'SELECT count(*) FROM eventlog.dead_letters', 0);
	%arrived = arrivals($receiver);
	is_exactly($arrived{flagged}, \@dead, '... and arrive');
	is($node->safe_psql($database, 'SELECT partition, held_by FROM eventlog.partitions WHERE held_by IS NOT NULL'),
		'eventlog.events_old_10|{"consumer everything"}', '... a lease holds the partition that retention is to drop');
	consumers_go_on($way, $stopped, $node, $database);
	wait_until('the partition is dropped', sub {
		$node->safe_psql($database, q{SELECT eventlog.maintain()});
		return $node->safe_psql($database, q{SELECT to_regclass('eventlog.events_old_10') IS NULL}) eq 't';
	});
}

# ---- what is no copy -------------------------------------------------------------------------------------------------

# A schema alone makes a new log, and its CREATE SERVER new targets.
$behind->safe_psql('postgres', 'CREATE DATABASE empty TEMPLATE template0; ALTER DATABASE empty SET eventlog.forwarding = off');
psql_ok($behind, 'empty', 'schema');
is($behind->safe_psql('empty', 'SELECT count(*) FROM eventlog.events'), 0, 'a schema alone is a log without events');
is($behind->safe_psql('empty', 'SELECT (SELECT count(*) FROM eventlog.consumers), (SELECT count(*) FROM eventlog.retention)'), '0|0',
	'... consumers and rules of retention');
my $only = $behind->safe_psql('empty', $log);
is($behind->safe_psql('empty', $states), 'running running running', '... whose targets are its own');
is($behind->safe_psql('empty', $lags), 3, '... and wait with forwarding off');
$behind->safe_psql('postgres', 'ALTER DATABASE empty RESET eventlog.forwarding');
$behind->restart;
wait_for_value($behind, 'empty', $lags, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{$_}, [$only], "... and then send its events: $_") foreach @targets;

# Rows have to have their partitions, and to be new.
sub fails_without_a_trace
{
	my ($name, $database, $file, $message) = @_;
	my $before = contents_of($behind, $database);
	$behind->command_checks_all(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '--file', "$folder/$file", $behind->connstr($database) ],
		3, [qr/^/], [$message], $name);
	is(contents_of($behind, $database), $before, '... and changes nothing');
	return;
}
$behind->safe_psql('postgres', 'CREATE DATABASE bare TEMPLATE template0');
$behind->safe_psql('bare', 'CREATE EXTENSION eventlog');
fails_without_a_trace('data without the partitions is refused', 'bare', 'data', qr/relation "eventlog\.events_\w+" does not exist/);
fails_without_a_trace('data over a log that has it is refused', 'logs', 'data', qr/duplicate key value violates unique constraint/);

# The rows of partitions, added to a log that has none of them.
$behind->safe_psql('postgres', 'CREATE DATABASE rows TEMPLATE template0; ALTER DATABASE rows SET eventlog.forwarding = off');
psql_ok($behind, 'rows', 'schema');
psql_ok($behind, 'rows', 'events');
my ($events) = $contents =~ /^(eventlog\.events\|.*)$/m;
like(contents_of($behind, 'rows'), qr/^\Q$events\E$/m, 'single tables: every row of the partitions is there');

is_free_of_crashes($_) foreach $behind, $ahead;
$_->stop foreach $behind, $ahead;
done_testing();
