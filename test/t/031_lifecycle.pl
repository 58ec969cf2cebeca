# The launcher and the workers through the life of databases and servers: who runs where, from when to when, and whom they
# keep waiting: nobody, a hanging endpoint or not.
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
	PROMPT => 2,  # seconds; a command that has to wait for a worker would wait five
	QUIET => 1.5  # seconds in which a worker that may send does
};

my $receiver = EventReceiver->start;
my $ndjson = $receiver->url('/ndjson');
my $log = q{SELECT eventlog.log_event('here')};
my $node = start_eventlog('lifecycle', 'wal_level = replica', 'max_wal_senders = 4', 'max_worker_processes = 20',
	'eventlog.max_retry_interval = 200ms');

# The databases that have a worker, in order; the server given or the node of most tests.
sub workers
{
	my ($server) = @_;
	return ($server // $node)->safe_psql('postgres', <<'SQL');
SELECT coalesce(string_agg(datname, ' ' ORDER BY datname), 'none') FROM pg_stat_activity
WHERE backend_type = 'eventlog worker'
SQL
}

sub pid_of
{
	my ($backend_type, $database) = @_;
	my $condition = defined $database ? "datname = '$database'" : 'true';
	return $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = '$backend_type' AND $condition");
}

sub wait_for_workers
{
	my ($databases, $server) = @_;
	wait_until("workers run in $databases", sub { workers($server) eq $databases });
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

# A statement that takes the database at once, with a worker in it that waits for an answer.
sub runs_promptly
{
	my ($statement) = @_;
	is_prompt($statement, sub { $node->safe_psql('postgres', $statement) });
	return;
}

sub create_server { return target_ddl($_[0], $ndjson) }

sub log_in
{
	my ($database, $server) = @_;
	return ($server // $node)->safe_psql($database, $log);
}

sub wait_for_arrival
{
	my ($id) = @_;
	wait_until("$id has arrived", sub { grep { $_ eq $id } $receiver->ids });
	return;
}

# Logs an event of which the worker then waits for the answer.
sub hang_in
{
	my ($database) = @_;
	log_in($database);
	wait_until("a request of $database is under way", sub {
		$node->safe_psql($database, 'SELECT sum(in_flight) FROM eventlog.forward_status') eq '1';
	});
	return;
}

# ---- the extension comes and goes ------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE bare');
wait_for_workers('postgres');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'eventlog launcher'}),
	1, 'a preloading server has one launcher');

my $session = $node->background_psql('bare');
$session->query_safe('CREATE EXTENSION eventlog; SET eventlog.allow_drop = on');
is_prompt('CREATE EXTENSION starts a worker', sub { wait_for_workers('bare postgres') });
$session->query_safe($log);
$session->query_safe(create_server('sink'));
my $first = $session->query_safe($log);
wait_for_arrival($first);

my (undef, undef, $stderr) = $node->psql('bare', 'DROP EXTENSION eventlog');
like($stderr, qr/server sink depends on/, 'DROP EXTENSION is refused while there are targets');
$receiver->faults({ kind => 'hang' });
hang_in('bare');
is_prompt('DROP EXTENSION CASCADE while a request hangs',
	sub { $session->query_safe('SET client_min_messages = warning; DROP EXTENSION eventlog CASCADE') });
wait_for_workers('postgres');
pass('... ends the worker');
$receiver->reset;
is($node->safe_psql('bare', <<'SQL'), 0, '... and leaves nothing behind, but its schema');
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace)
     + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'eventlog'::regnamespace)
     + (SELECT count(*) FROM pg_event_trigger) + (SELECT count(*) FROM pg_foreign_server)
SQL

$session->query_safe('CREATE EXTENSION eventlog; ' . create_server('sink'));
my $second = $session->query_safe($log);
wait_for_arrival($second);
is($session->query_safe('SELECT string_agg(event_id::text, $$ $$) FROM eventlog.events'),
	$second, 'CREATE EXTENSION again: a session that logged before logs into the new log');

$session->query_safe('BEGIN; DROP EXTENSION eventlog CASCADE; CREATE EXTENSION eventlog; ' . create_server('sink'));
my $third = $session->query_safe($log);
$session->query_safe('COMMIT');
wait_for_arrival($third);
is($session->query_safe('SELECT string_agg(event_id::text, $$ $$) FROM eventlog.events'),
	$third, 'DROP, CREATE EXTENSION and log_event in one transaction');

$session->query_safe('BEGIN; DROP EXTENSION eventlog CASCADE; CREATE EXTENSION eventlog');
$session->query_safe($log);
$session->query_safe('ROLLBACK');
my $fourth = $session->query_safe($log);
wait_for_arrival($fourth);
is($session->query_safe('SELECT string_agg(event_id::text, $$ $$ ORDER BY event_id) FROM eventlog.events'),
	"$third $fourth", '... and rolled back');
$session->quit;

# ---- commands that want the database to themselves -------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE logs');
$node->safe_psql('logs', 'CREATE EXTENSION eventlog; ' . create_server('sink'));
wait_for_workers('bare logs postgres');
my $tablespace = PostgreSQL::Test::Utils::tempdir('tablespace');
$node->safe_psql('postgres', "CREATE TABLESPACE other LOCATION '$tablespace'");
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN; CREATE ROLE maker LOGIN CREATEDB');

my $unmoved = pid_of('eventlog worker', 'logs');
foreach my $role ('nobody', 'maker')
{
	is(refusal($node, 'postgres', "SET ROLE $role; $_")->{sqlstate}, '42501', "$role may not $_")
	  foreach 'DROP DATABASE logs',
	  'CREATE DATABASE copy TEMPLATE logs',
	  'ALTER DATABASE logs RENAME TO elsewhere',
	  'ALTER DATABASE logs SET TABLESPACE other';
}
is(pid_of('eventlog worker', 'logs'), $unmoved, '... and the worker is left in peace');

$receiver->faults({ kind => 'hang' });
hang_in('logs');
runs_promptly('CREATE DATABASE copy TEMPLATE logs');
wait_until('a worker runs in logs', sub { pid_of('eventlog worker', 'logs') });
log_in('copy');
wait_for_workers('bare copy logs postgres');
runs_promptly('ALTER DATABASE logs SET TABLESPACE other');
wait_for_workers('bare copy logs postgres');
runs_promptly('ALTER DATABASE logs RENAME TO renamed');
wait_for_workers('bare copy postgres renamed');
pass('the workers come back');
is(refusal($node, 'postgres', 'CREATE DATABASE bare TEMPLATE renamed')->{sqlstate}, '42P04', 'a command that fails');
wait_for_workers('bare copy postgres renamed');
pass('... lets the worker come back, too');
hang_in('renamed');
runs_promptly('DROP DATABASE renamed');
runs_promptly('DROP DATABASE copy WITH (FORCE)');
sleep 0.5;
is(workers(), 'bare postgres', 'no worker is left of dropped databases');

$node->safe_psql('postgres', 'DROP TABLESPACE other');

# ---- signals, settings -----------------------------------------------------------------------------------------------

$receiver->reset;
my $worker = pid_of('eventlog worker', 'bare');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
wait_for_arrival(log_in('bare'));
isnt(pid_of('eventlog worker', 'bare'), $worker, 'after pg_terminate_backend() another worker delivers');

my ($launcher, $other) = (pid_of('eventlog launcher'), pid_of('eventlog worker', 'postgres'));
$worker = pid_of('eventlog worker', 'bare');
kill 'TERM', $launcher;
wait_until('there is a new launcher', sub { pid_of('eventlog launcher') =~ /^(?!$launcher$)\d/ });
is(workers(), 'bare postgres', 'the launcher comes back after SIGTERM');
is(pid_of('eventlog worker', 'bare'), $worker, '... while the workers stay');
kill 'TERM', $other;
wait_until('there is a new worker', sub { pid_of('eventlog worker', 'postgres') =~ /^(?!$other$)\d/ });
pass('... and it looks after them');

configure($node, 'eventlog.databases' => 'bare');
wait_for_workers('bare');
$node->safe_psql('postgres', 'CREATE DATABASE excluded');
$node->safe_psql('excluded', 'CREATE EXTENSION eventlog');
log_in('excluded');
sleep 1;
is(workers(), 'bare', 'eventlog.databases ends workers, and lets none start elsewhere');
configure($node, 'eventlog.databases' => '');
is_prompt('... until it is reset', sub { wait_for_workers('bare excluded postgres') });
is(pid_of('eventlog worker', 'bare'), $worker, 'a reload leaves the other workers alone');
runs_promptly('DROP DATABASE excluded');

$node->safe_psql('postgres', 'CREATE DATABASE sealed; ALTER DATABASE sealed SET default_transaction_read_only = on');
my $writable = 'SET default_transaction_read_only = off';
$node->safe_psql('sealed', "$writable; CREATE EXTENSION eventlog; " . create_server('sink'));
is(refusal($node, 'sealed', $log)->{sqlstate}, '25006', 'a read-only transaction cannot log');
wait_for_arrival($node->safe_psql('sealed', "$writable; $log"));
wait_until('the worker has noted it',
	sub { $node->safe_psql('sealed', 'SELECT lag_events, sent FROM eventlog.forward_status') eq '0|1' });
pass('... but the worker writes, whatever the default of its database');
runs_promptly('DROP DATABASE sealed');

# ---- another version -------------------------------------------------------------------------------------------------

# ALTER EXTENSION UPDATE would do this, and more.
sub set_version
{
	my ($version) = @_;
	$node->safe_psql('bare', <<"SQL");
UPDATE pg_extension SET extversion = $version WHERE extname = 'eventlog';
GRANT SELECT ON eventlog.events TO nobody;
REVOKE SELECT ON eventlog.events FROM nobody;
SQL
	return;
}

$receiver->close_port;
my $held_back = log_in('bare');
wait_until('the target waits', sub { $node->safe_psql('bare', 'SELECT state FROM eventlog.forward_status') eq 'waiting' });
set_version(q{'0.0.0'});
is_deeply(refusal($node, 'bare', 'SELECT eventlog.maintain()'),
	{ sqlstate => '55000', hint => 'Run ALTER EXTENSION eventlog UPDATE, or install the library of that version and restart the server.' },
	'the library refuses to maintain SQL objects that it does not serve');
my $meanwhile = log_in('bare');
sleep QUIET;
$receiver->open_port;
my $requests = $receiver->stats->{requests};
sleep QUIET;
is($receiver->stats->{requests}, $requests, '... and the worker sends nothing');
is(pid_of('eventlog worker', 'bare'), $worker, '... but waits');
set_version(q{(SELECT default_version FROM pg_available_extensions WHERE name = 'eventlog')});
wait_for_arrival($held_back);
wait_for_arrival($meanwhile);
wait_for_arrival(log_in('bare'));
is(pid_of('eventlog worker', 'bare'), $worker, '... until the version is its own again');

# ---- shutdown --------------------------------------------------------------------------------------------------------

$receiver->faults({ kind => 'hang' });
foreach my $mode ('fast', 'smart')
{
	hang_in('bare');
	is_prompt("$mode shutdown while a request hangs", sub { $node->stop($mode) });
	$node->start;
	is_prompt('... and the workers are back after the start', sub { wait_for_workers('bare postgres') });
}
$receiver->reset;

# ---- standby and promotion -------------------------------------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'eventlog%'}),
	0, 'nothing of the extension runs on a standby');
is(refusal($standby, 'bare', $log)->{sqlstate}, '25006', '... and log_event refuses');

$receiver->close_port;
my @committed = split /\n/, $node->safe_psql('bare', "$log FROM generate_series(1, 100)");
$node->wait_for_catchup($standby, 'replay', $node->lsn('write'));
is($standby->safe_psql('bare', 'SELECT lag_events >= 100 FROM eventlog.forward_status'),
	't', '... but the views can be read');
$node->stop;
$standby->promote;
wait_for_workers('bare postgres', $standby);
push @committed, log_in('bare', $standby);
$receiver->open_port;
wait_for_arrival($committed[-1]);
my %arrived = map { $_ => 1 } $receiver->ids;
is(scalar(grep { !$arrived{$_} } @committed), 0, 'promoted, its worker delivers all that was committed before and after');
is_deeply([ sort @committed ], \@committed, '... and its ids go on');
is_free_of_crashes($standby);
is_free_of_crashes($node);
$standby->stop;

# ---- a server that does not preload ----------------------------------------------------------------------------------

my $plain = start_eventlog('plain', q{shared_preload_libraries = ''}, 'max_logical_replication_workers = 0');
my $warns = qr/WARNING:  the library eventlog is not preloaded.*\nDETAIL:  .*\nHINT:  .*: shared_preload_libraries = /m;
(undef, undef, $stderr) = $plain->psql('postgres', create_server('sink'));
like($stderr, qr/${warns}'eventlog'$/m, 'not preloaded: CREATE SERVER warns, with the line to add');
$plain->safe_psql('postgres', 'CREATE DATABASE warned');
(undef, undef, $stderr) = $plain->psql('warned', 'CREATE EXTENSION eventlog');
like($stderr, qr/${warns}'eventlog'$/m, '... and so does CREATE EXTENSION');
$held_back = log_in('postgres', $plain);
is($plain->safe_psql('postgres', 'SELECT state, lag_events, in_flight FROM eventlog.forward_status'),
	'no worker|1|0', 'not preloaded: events are logged and targets are made');
is($plain->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'eventlog%'}),
	0, '... but nothing of the extension runs');
(undef, undef, $stderr) = $plain->psql('warned', q{LOAD 'eventlog'; SELECT eventlog.log_event('kept')});
foreach my $drop ('DROP EXTENSION eventlog CASCADE', 'DROP SCHEMA eventlog CASCADE')
{
	is(refusal($plain, 'warned', $drop)->{sqlstate}, '2BP01', "$drop: a session that has not used the library is refused, too");
}
$plain->safe_psql('warned', 'SET eventlog.allow_drop = on; DROP EXTENSION eventlog');
pass('... unless it is allowed');
$plain->append_conf('postgresql.conf', q{shared_preload_libraries = 'plpgsql'});
$plain->restart;
(undef, undef, $stderr) = $plain->psql('warned', 'CREATE EXTENSION eventlog');
like($stderr, qr/${warns}'plpgsql, eventlog'$/m, '... the line keeps what is preloaded');
$plain->append_conf('postgresql.conf', q{shared_preload_libraries = 'eventlog'});
$plain->restart;
wait_for_arrival($held_back);
pass('... until the library is preloaded');
my $shown = 'SELECT state FROM eventlog.forward_status';
is($plain->safe_psql('postgres', $shown), 'running', '... and the target is shown to run');
$plain->append_conf('postgresql.conf', q{eventlog.databases = 'elsewhere'});
$plain->reload;
wait_for_value($plain, 'postgres', $shown, 'no worker');
$plain->append_conf('postgresql.conf', q{eventlog.databases = ''});
$plain->reload;
wait_for_value($plain, 'postgres', $shown, 'running');
pass('... as long as eventlog.databases has the database');
is_free_of_crashes($plain);

# ---- no free worker process ------------------------------------------------------------------------------------------

$plain->safe_psql('postgres', 'CREATE DATABASE crowded');
$plain->append_conf('postgresql.conf', 'max_worker_processes = 1');
$plain->restart;
$session = $plain->background_psql('crowded');
$session->query_safe('CREATE EXTENSION eventlog; BEGIN');
$session->query_safe($log);
my $ready = q{SELECT (SELECT count(*) FROM eventlog.cluster),
       (SELECT count(*) > 0 FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass)};
is($session->query_safe($ready), '1|t', 'where no process can be had, the log call adopts and partitions the log itself');
is($plain->safe_psql('crowded', $ready), '0|f', '... in its own transaction');
$session->query_safe('ROLLBACK');
$session->query_safe($log);
is($session->query_safe("$ready, (SELECT count(*) FROM eventlog.events)"), '1|t|1', '... again when that has rolled back');
$session->quit;
is($plain->safe_psql('postgres', 'SELECT state FROM eventlog.forward_status'), 'no worker', '... a target shows that it has no worker');
like(slurp_file($plain->logfile), qr/eventlog: no process is free for the worker.*\n.*HINT:  .*max_worker_processes/,
	'... and the launcher says that a worker is missing');

# ---- objects of the extension that somebody has changed ----------------------------------------------------------------

$plain->safe_psql('postgres', 'CREATE DATABASE changed');
$plain->safe_psql('changed', 'CREATE EXTENSION eventlog');
$plain->safe_psql('changed', q{ALTER TYPE eventlog.event_origin ADD VALUE 'edge'});
my (undef, undef, $refusal) = $plain->psql('changed', q{\set VERBOSITY verbose
SELECT eventlog.log_event('signed.in', origin => 'edge')});
like($refusal, qr/22023: origin is a label that eventlog does not know/, 'a label that somebody has added to an enum is refused');
$plain->safe_psql('changed', 'ALTER TABLE eventlog.cluster RENAME TO other');
(undef, undef, $refusal) = $plain->psql('changed', qq{\\set VERBOSITY verbose\n$log});
like($refusal, qr/55000: extension "eventlog" is damaged because a table or type is missing/, '... and a table that has another name is told');
$plain->stop;

done_testing();
