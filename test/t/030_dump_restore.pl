# A log survives pg_dump and restore with every row, and a restored copy sends nothing by itself: it is adopted by its first
# log call or poll, its targets wait for resume_target(), and then send what had not been sent where the dump comes from. Its
# consumers get what they had not been given there.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use LogCopies;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
	QUIET => 2.5,   # seconds in which a worker that may touch a database does
	WRITTEN => 7000 # events after the restore
};

my @targets = ('flagged', 'halted', 'halfway');
my $receiver = EventReceiver->start;

sub create_server
{
	my ($name, %options) = @_;
	return target_ddl($name, $receiver->url("/$name"), %options);
}

sub value
{
	my ($node, $database, $sql) = @_;
	return $node->safe_psql($database, $sql);
}

sub states { return value(@_, q{SELECT string_agg(state, ' ' ORDER BY target) FROM eventlog.forward_status}) }

# ---- the log that is dumped ------------------------------------------------------------------------------------------

my $origin = start_eventlog('origin', 'eventlog.max_retry_interval = 500ms');
$origin->safe_psql('postgres', <<'SQL');
CREATE PROCEDURE use_transaction_numbers(count int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. count LOOP
        PERFORM pg_current_xact_id();
        COMMIT;
    END LOOP;
END $$;
CALL use_transaction_numbers(5000);
CREATE DATABASE logs;
ALTER DATABASE logs SET eventlog.partition_width = '1h';
ALTER DATABASE logs SET eventlog.partitions_ahead = 5;
SQL
$origin->safe_psql('logs', join ';', 'CREATE EXTENSION eventlog',
	create_server('flagged', events => 'flagged'),
	create_server('halted'),
	create_server('halfway', batch_events => 100, timeout_ms => 600_000));

$receiver->faults({ kind => 'refuse_events', names => ['refused'], path => '/flagged' });
log_many($origin, 'logs', 500);
log_many($origin, 'logs', 43, q{CASE WHEN i % 20 = 1 THEN 'refused' ELSE 'flagged' END, forward_to_statsig => true});
store_ahead($origin, 'logs', 3_600_000);
wait_for_value($origin, 'logs', q{SELECT sum(lag_events) FROM eventlog.forward_status}, 0);
is(value($origin, 'logs', 'SELECT count(*) FROM eventlog.dead_letters'), 3, 'the log has dead letters');

# One target is paused; one is in the midst of a window, with events behind it, and one before it that committed late.
my $late = $origin->background_psql('logs');
$late->query_safe('BEGIN');
$late->query_safe(q{SELECT eventlog.log_event('late')});
log_many($origin, 'logs', 100);
# A consumer has read a part of its window.
value($origin, 'logs', "SELECT eventlog.create_consumer('reader', 'beginning')");
my %is_read = map { $_ => 1 } read_on($origin, 'logs', 'reader');
wait_for_value($origin, 'logs', q{SELECT sum(lag_events) FROM eventlog.forward_status}, 0);
value($origin, 'logs', "SELECT eventlog.pause_target('halted'), eventlog.pause_target('halfway')");
log_many($origin, 'logs', 300);
store_ahead($origin, 'logs', 3_600_000);
log_many($origin, 'logs', 400);
$receiver->faults(
	{ kind => 'status', status => 200, path => '/halfway', count => 3 },
	{ kind => 'hang', path => '/halfway' });
value($origin, 'logs', "SELECT eventlog.resume_target('halfway')");
wait_for_value($origin, 'logs', q{SELECT in_flight, sent FROM eventlog.forward_status WHERE target = 'halfway'}, '1|944');
log_many($origin, 'logs', 50);
$late->query_safe('COMMIT');
$late->query_safe('BEGIN; SELECT FROM eventlog.log_event($$never committed$$)');

my %delivered = arrivals($receiver, @targets);
my @all = split /\n/, value($origin, 'logs', 'SELECT event_id FROM eventlog.events');
my %unsent = (flagged => []);
foreach my $target ('halted', 'halfway')
{
	my %is_delivered = map { $_ => 1 } @{ $delivered{$target} };
	$unsent{$target} = [ grep { !$is_delivered{$_} } @all ];
}
is(scalar @{ $unsent{halfway} }, 452, 'one target has sent a part of its window');
is(states($origin, 'logs'), 'running running paused', '... and one is paused');
my @unread = grep { !$is_read{$_} } @all;
is(scalar @unread, 752, 'a consumer has read to the end of a window');
my $rows = contents_of($origin, 'logs');
my $partitions = partitions_of($origin, 'logs');
cmp_ok(value($origin, 'logs', 'SELECT count(DISTINCT tableoid) FROM eventlog.events'),
	'>=', 3, 'the rows are in several partitions');

my $folder = PostgreSQL::Test::Utils::tempdir('dump');
$origin->command_ok([ 'pg_dump', '--file', "$folder/plain", 'logs' ], 'pg_dump, plain');
$origin->command_ok([ 'pg_dump', '--format=custom', '--file', "$folder/custom", 'logs' ], 'pg_dump, custom format');
unlike(slurp_file("$folder/plain"), qr/never committed|eventlog\.cluster\b/, '... leaves out what it should');

# ---- restored --------------------------------------------------------------------------------------------------------

my $plain = start_eventlog('plain', 'max_worker_processes = 20');
my $custom = start_eventlog('custom');
my $ahead = start_eventlog('ahead');
$ahead->stop;
command_ok([ 'pg_resetwal', '--epoch=7', '--pgdata', $ahead->data_dir ], 'a cluster whose numbers are far ahead');
$ahead->start;

# The same cluster needs an offset or not, by what runs in it when the log is adopted.
my @copies = (
	{ name => 'plain, in one transaction', node => $plain, database => 'logs', adopt => 'log_event()', shifted => 't' },
	{ name => 'custom', node => $custom, database => 'logs', adopt => 'eight calls at once', shifted => 't' },
	{ name => 'custom, two jobs', node => $custom, database => 'logs2', adopt => 'maintain()', shifted => 't' },
	{ name => 'plain, numbers ahead', node => $ahead, database => 'logs', adopt => 'resume_target()', shifted => 'f' },
	{ name => 'custom, in a cluster that has another copy', node => $plain, database => 'logs2', adopt => 'poll()', shifted => 't' },
	{ name => 'plain, another database of the same cluster', node => $origin, database => 'copy', adopt => 'log_event()' });
$_->{node}->safe_psql('postgres', "CREATE DATABASE $_->{database} TEMPLATE template0") foreach @copies;
my @psql = ('psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', "$folder/plain", '--dbname');
$plain->command_ok([ @psql, $plain->connstr('logs'), '--single-transaction' ], 'psql --single-transaction');
$ahead->command_ok([ @psql, $ahead->connstr('logs') ], 'psql where numbers are ahead');
$origin->command_ok([ @psql, $origin->connstr('copy') ], 'psql into another database of the same cluster');
my @restore = ('pg_restore', '--exit-on-error', "$folder/custom", '--dbname');
$custom->command_ok([ @restore, $custom->connstr('logs') ], 'pg_restore');
$custom->command_ok([ @restore, $custom->connstr('logs2'), '--jobs=2' ], 'pg_restore --jobs=2');
$plain->command_ok([ @restore, $plain->connstr('logs2'), '--single-transaction' ], 'pg_restore --single-transaction');

sub each_copy
{
	my ($check) = @_;
	$check->($_, $_->{name}, $_->{node}, $_->{database}) foreach @copies;
	return;
}

sleep QUIET;
each_copy(sub {
	my (undef, $name, @at) = @_;
	is(contents_of(@at), $rows, "$name: every row is there");
	is(partitions_of(@at), $partitions, '... and every partition, with bounds, indexes and triggers, and no other');
	is(value(@at, <<'SQL'), 0, '... none of them a part of the extension');
SELECT count(*) FROM pg_depend d JOIN pg_inherits i ON d.classid = 'pg_class'::regclass AND d.objid = i.inhrelid
WHERE i.inhparent = 'eventlog.events'::regclass AND d.deptype = 'e'
SQL
	my $leaf = value(@at, 'SELECT min(tableoid::regclass::text) FROM eventlog.events');
	is(refusal(@at, $_)->{sqlstate}, '55000', "... append-only: $_")
	  foreach map { ("UPDATE $_ SET value = 1", "DELETE FROM $_", "TRUNCATE $_") } 'eventlog.events', $leaf;
	is(value(@at, <<'SQL'), 1, '... a worker is there');
SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = current_database()
SQL
	is(value(@at, 'SELECT count(*) FROM eventlog.cluster'), 0, '... but does not adopt the log');
	is(states(@at), 'paused paused paused', '... nor sends');
});
my %arrived = arrivals($receiver, @targets);
is_deeply(\%arrived, { map { $_ => [] } @targets }, 'nothing has been sent');

# ---- adopted ---------------------------------------------------------------------------------------------------------

my $log = q{SELECT eventlog.log_event('after the restore', forward_to_statsig => true)};
my %adoptions = (
	'log_event()' => sub { value(@_, $log) },
	'maintain()' => sub { value(@_, 'SELECT FROM eventlog.maintain()') },
	'resume_target()' => sub { value(@_, q{SELECT eventlog.resume_target('flagged'), eventlog.pause_target('flagged')}) },
	'poll()' => sub { poll_events(@_, 'reader', 10, '1 second') },
	'eight calls at once' => sub {
		my ($node, $database) = @_;
		$node->pgbench('--no-vacuum --client=8 --jobs=8 --transactions=1', 0, [qr{actually processed: 8/8}], [qr/^$/],
			'eight first calls', { '030_first_call' => "$log;\n" }, $node->connstr($database));
	});
my %new;
each_copy(sub {
	my ($copy, $name, @at) = @_;
	$adoptions{ $copy->{adopt} }->(@at);
	is(value(@at, <<'SQL'), '1|t|t', "$name, $copy->{adopt}: the log is adopted");
SELECT count(*), bool_and(system_identifier = (SELECT s.system_identifier FROM pg_control_system() s)),
       bool_and(database = (SELECT oid FROM pg_database WHERE datname = current_database()))
FROM eventlog.cluster
SQL
	value(@at, $log);
	$new{$name} = [ split /\n/, value(@at, q{SELECT event_id FROM eventlog.events WHERE event_name = 'after the restore'}) ];
	is(value(@at, <<'SQL'), 't', '... its transaction numbers go on above those stored');
SELECT min(xid::text::bigint) FILTER (WHERE event_name = 'after the restore')
       > max(xid::text::bigint) FILTER (WHERE event_name <> 'after the restore') FROM eventlog.events
SQL
	is(value(@at, 'SELECT xid_offset > 0 FROM eventlog.cluster'), $copy->{shifted}, '... by an offset, if need be')
	  if defined $copy->{shifted};
	is(states(@at), 'paused paused paused', '... and its targets stay paused');
});
sleep 1;
%arrived = arrivals($receiver, @targets);
is_deeply(\%arrived, { map { $_ => [] } @targets }, '... so that nothing is sent');

# ---- polled ----------------------------------------------------------------------------------------------------------

each_copy(sub {
	my (undef, $name, @at) = @_;
	is_exactly([ read_on(@at, 'reader') ], [ @unread, @{ $new{$name} } ], "$name: a consumer gets what it had not been given");
});

# ---- resumed ---------------------------------------------------------------------------------------------------------

$receiver->reset;
each_copy(sub {
	my (undef, $name, @at) = @_;
	value(@at, "SELECT eventlog.resume_target('$_')") foreach @targets;
	wait_for_value(@at, q{SELECT sum(lag_events), string_agg(state, ' ') FROM eventlog.forward_status},
		'0|running running running');
	my %arrived = arrivals($receiver, @targets);
	is_exactly($arrived{$_}, [ @{ $unsent{$_} }, @{ $new{$name} } ], "$name, resumed: $_ gets what had not been sent")
	  foreach @targets;
});

# The origin is where it was, in the midst of a request, and goes on.
$receiver->close_port;
$receiver->open_port;
wait_for_value($origin, 'logs', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
%arrived = arrivals($receiver, @targets);
is_exactly($arrived{halfway}, $unsent{halfway}, 'the log that was dumped sends its own');

# A copy made by the server is one, too.
$late->quit;
$origin->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE logs');
value($origin, 'twin', q{SELECT eventlog.log_event('of the twin')});
my $of_origin = value($origin, 'logs', q{SELECT eventlog.log_event('of the origin')});
wait_for_value($origin, 'logs', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
is(states($origin, 'twin'), 'paused paused paused', 'CREATE DATABASE from it as template: the copy is paused');
is(states($origin, 'logs'), 'running running paused', '... and the original goes on');
sleep 1;
%arrived = arrivals($receiver, @targets);
is_exactly($arrived{halfway}, [$of_origin], '... alone');
is_exactly([ read_on($origin, 'twin', 'reader') ], [ @unread, ids_of($origin, 'twin', q{event_name = 'of the twin'}) ],
	'... and each has its consumer: the copy\'s');
is_exactly([ read_on($origin, 'logs', 'reader') ], [ @unread, $of_origin ], '... and the original\'s');

# ---- at work again ---------------------------------------------------------------------------------------------------

push @targets, 'fresh';
$plain->safe_psql('logs', create_server('fresh'));
my $events_a_round = 25;
my $rounds = WRITTEN / $events_a_round / 8;
$plain->pgbench("--no-vacuum --client=8 --jobs=2 --transactions=$rounds", 0, [qr{actually processed: (\d+)/\1\b}], [qr/^$/],
	WRITTEN . ' events of eight writers', { '030_dump_restore' => <<"SQL" }, $plain->connstr('logs'));
BEGIN;
SELECT count(eventlog.log_event('written', forward_to_statsig => true)) FROM generate_series(1, 5);
SAVEPOINT s;
SELECT count(eventlog.log_event('rolled back', forward_to_statsig => true)) FROM generate_series(1, 5);
ROLLBACK TO s;
SELECT count(eventlog.log_event('written', forward_to_statsig => true)) FROM generate_series(1, $events_a_round - 5);
COMMIT;
SQL
wait_for_value($plain, 'logs', 'SELECT sum(lag_events) FROM eventlog.forward_status', 0);
my @written = split /\n/, value($plain, 'logs', q{SELECT event_id FROM eventlog.events WHERE event_name = 'written'});
is(scalar @written, WRITTEN, '... are stored in the restored log');
%arrived = arrivals($receiver, @targets);
is_exactly($arrived{$_}, \@written, "... and arrive at $_") foreach @targets;

# ---- a new log -------------------------------------------------------------------------------------------------------

# Statements of a first session, and which of its events the target gets: those of transactions that commit after CREATE
# SERVER.
my %orders = (
	'extension, target, event' => [ [ 1 ], 'EXTENSION', 'SERVER', 'EVENT' ],
	'extension, event, target, event' => [ [ 2 ], 'EXTENSION', 'EVENT', 'SERVER', 'EVENT' ],
	'extension, target, event rolled back, event' => [ [ 2 ], 'EXTENSION', 'SERVER', 'BEGIN', 'EVENT', 'ROLLBACK', 'EVENT' ],
	'all in one transaction' => [ [ 1 ], 'BEGIN', 'EXTENSION', 'SERVER', 'EVENT', 'COMMIT' ],
	'event before the target in one transaction' => [ [ 1, 2 ], 'BEGIN', 'EXTENSION', 'EVENT', 'SERVER', 'EVENT', 'COMMIT' ],
	'extension and event in one transaction, then target' =>
	  [ [ 2 ], 'BEGIN', 'EXTENSION', 'EVENT', 'COMMIT', 'SERVER', 'EVENT' ],
	'target and event in one transaction' => [ [ 2 ], 'EXTENSION', 'EVENT', 'BEGIN', 'SERVER', 'EVENT', 'COMMIT' ]);
my $number = 0;
my %expected = ();
foreach my $name (sort keys %orders)
{
	my ($wanted, @steps) = @{ $orders{$name} };
	my $path = 'new' . ++$number;
	push @targets, $path;
	$plain->safe_psql('postgres', "CREATE DATABASE $path");
	my $session = $plain->background_psql($path);
	my @ids = ();
	foreach my $step (@steps)
	{
		my $result = $session->query_safe(
			  $step eq 'EXTENSION' ? 'CREATE EXTENSION eventlog'
			: $step eq 'SERVER' ? create_server($path)
			: $step eq 'EVENT' ? q{SELECT eventlog.log_event('new')}
			: $step);
		push @ids, $result if $step eq 'EVENT';
		# Numbers behind that of an open transaction: a snapshot that it takes ends behind its own.
		$plain->safe_psql('postgres', 'SELECT pg_current_xact_id()');
	}
	$session->quit;
	$expected{$path} = { name => $name, ids => [ @ids[ map { $_ - 1 } @$wanted ] ] };
}
wait_for_value($plain, $_, 'SELECT lag_events FROM eventlog.forward_status', 0) foreach sort keys %expected;
sleep 0.5;
%arrived = arrivals($receiver, @targets);
is_exactly($arrived{$_}, $expected{$_}{ids}, "new log: $expected{$_}{name}") foreach sort keys %expected;

# A log that has seen no event has not been adopted: its copy is one all the same.
$plain->safe_psql('postgres', 'CREATE DATABASE unused; CREATE DATABASE unused_copy TEMPLATE template0');
$plain->safe_psql('unused', 'CREATE EXTENSION eventlog; ' . create_server('fresh'));
$plain->command_ok([ 'pg_dump', '--file', "$folder/unused", 'unused' ], 'pg_dump of a log without events');
$plain->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', "$folder/unused", $plain->connstr('unused_copy') ],
	'psql');
value($plain, 'unused_copy', q{SELECT eventlog.log_event('of the copy')});
is(states($plain, 'unused_copy'), 'paused', '... restored, its target is paused');

is_free_of_crashes($_) foreach $origin, $plain, $custom, $ahead;
$_->stop foreach $origin, $plain, $custom, $ahead;
done_testing();
