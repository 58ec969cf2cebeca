# ALTER EXTENSION UPDATE makes of an older version's objects what CREATE EXTENSION makes, keeps what is stored, and its worker
# goes on at once. A library serves the objects of the last release before any update; of older and of newer objects it serves the
# log calls, and says so. Imitates TimescaleDB's update tests.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogDatabases;
use EventlogTest;
use ExtensionCatalog;
use Installation;
use LogCopies;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant {
	OLD => '0.1.0',
	LAST => '0.2.0',
	QUIET => 2 # seconds in which a launcher would have come
};

my $receiver = EventReceiver->start;
my %fixture = map { $_ => slurp_file("$FindBin::RealBin/data/$_.sql") =~ s/\@PORT@/$receiver->port/egr } OLD, LAST;
my $log = q{SELECT eventlog.log_event('of today')};
my $states = q{SELECT string_agg(target || ' ' || state, ', ' ORDER BY target) FROM eventlog.forward_status};
my $lags = 'SELECT sum(lag_events) FROM eventlog.forward_status';
my $default_version = q{SELECT default_version FROM pg_available_extensions WHERE name = 'eventlog'};

my $installation = private_installation();
my $node = PostgreSQL::Test::Cluster->new('updated', install_path => $installation);
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', join "\n", q{shared_preload_libraries = 'eventlog'}, q{log_line_prefix = '%m [%p] %b '},
	'log_statement = none', q{eventlog.partition_width = '1h'}, q{eventlog.databases = 'live, recent, restored'});
$node->start;
my $new = $node->safe_psql('postgres', $default_version);

# A database as an older version's users have it: that version's objects with what it had stored, at home in this database. Its
# targets go on, but for one that its users have paused.
sub create_old
{
	my ($database, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql($database, $fixture{$version} =~ s/(CREATE EXTENSION .*);/$1 VERSION '$version';/r);
	$node->safe_psql($database, <<'SQL');
INSERT INTO eventlog.cluster (system_identifier, database, xid_offset, incarnation)
SELECT here.system_identifier, d.oid, 100000, t.incarnation
FROM pg_control_system() here, pg_database d, eventlog.targets t WHERE d.datname = current_database() AND t.name = 'running';
UPDATE eventlog.targets SET paused = false WHERE name <> 'paused';
SQL
	return;
}

sub version_of { return $node->safe_psql($_[0], q{SELECT extversion FROM pg_extension WHERE extname = 'eventlog'}) }

# Returns the messages that the worker has written to the server's log of different versions, for each database.
sub complaints
{
	my ($database) = @_;
	my $log = slurp_file($node->logfile);
	return () = $log =~ /eventlog worker DETAIL:  The worker of database "$database" serves only log calls until the versions agree\./g;
}

# Returns the worker's entry in pg_stat_activity.
sub shown
{
	my ($database) = @_;
	return $node->safe_psql('postgres',
		"SELECT query FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = '$database'");
}

# Whether a library that cannot serve the objects in full logs all the same, and refuses the rest. Returns the event's id.
sub serves_log_calls
{
	my ($database, $library, $objects) = @_;
	my $id = $node->safe_psql($database, $log);
	like($id, qr/^[0-9a-f-]{36}$/, "$database: a log call goes on");
	my (undef, undef, $stderr) = $node->psql($database, 'SELECT eventlog.maintain()', extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my $message = "the library of extension \"eventlog\" is version $library, its SQL objects are version $objects";
	like($stderr, qr/ERROR:  55000: \Q$message\E\nDETAIL:  .*\nHINT:  Run ALTER EXTENSION eventlog UPDATE, or install the library/,
		'... and what is more tells both versions and the way out');
	return $id;
}

# ---- new library, old objects ----------------------------------------------------------------------------------------

create_old($_, OLD) foreach 'live', 'granted';
my $between = serves_log_calls('live', $new, OLD);
my $contents = contents_of($node, 'live');
wait_until('the worker shows why it waits', sub { shown('live') =~ /another version/ });
is(complaints('live'), 1, 'the worker says once why it waits');
is($node->safe_psql('live', 'SELECT library, catalog FROM eventlog.version()'), "$new|" . OLD, '... and version() tells both');
is(contents_of($node, 'live'), $contents, '... and nothing else is written');
is($receiver->request_count, 0, '... and nothing sent');

# ---- the update ------------------------------------------------------------------------------------------------------

my $worker = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = 'live'";
my $pid = $node->safe_psql('postgres', $worker);
my @unsent = ids_of($node, 'live', q{event_id > (SELECT last_id FROM eventlog.reader_position WHERE name = 'halfway')});
is(scalar @unsent, 15, 'the older version left events unsent');
my @unsent_before = @unsent;
$node->safe_psql('live', 'ALTER EXTENSION eventlog UPDATE');
is(version_of('live'), $new, 'ALTER EXTENSION UPDATE');
wait_for_value($node, 'live', $lags, 0);
my %arrived = arrivals($receiver);
is_exactly($arrived{halfway}, \@unsent, '... is followed by what the older version had not sent');
is_exactly($arrived{running}, [$between], '... and by nothing that it had sent');
is($node->safe_psql('postgres', $worker), $pid, '... from the same worker');
is(complaints('live'), 1, '... which has nothing to say any more');
is(shown('live'), '', '... nor to show');
is($node->safe_psql('live', q{SELECT count(*) FROM eventlog.events WHERE event_name = 'of 0.1.0'}), 22, 'events are kept');
is($node->safe_psql('live', 'SELECT count(*) FROM eventlog.dead_letters'), 2, '... and dead letters');
is($node->safe_psql('live', $states), 'halfway running, running running', '... and targets');
my $id = $node->safe_psql('live', $log);
wait_for_value($node, 'live', $lags, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{$_}, [$id], "a new event is sent to $_") foreach 'halfway', 'running';
my @dead = split /\n/, $node->safe_psql('live', 'SELECT event_id FROM eventlog.dead_letters');
is($node->safe_psql('live', q{SELECT eventlog.redrive('running')}), 2, 'dead letters are sent again');
wait_for_value($node, 'live', 'SELECT count(*) FROM eventlog.dead_letters', 0);
%arrived = arrivals($receiver);
is_exactly($arrived{running}, \@dead, '... and arrive');
$node->safe_psql('live', q{SELECT eventlog.create_consumer('reader', 'beginning')});
my @logged = ids_of($node, 'live', 'true');
is_exactly([ read_on($node, 'live', 'reader') ], \@logged, 'a consumer reads what the older version has written');
my $once = q{SELECT eventlog.log_event('once', idempotency_key => 'order 1')};
my $first = $node->safe_psql('live', $once);
is($node->safe_psql('live', $once), $first, 'an idempotency key is good for one event');
wait_for_value($node, 'live', $lags, 0);
$receiver->reset;

# ---- the update from the last release ---------------------------------------------------------------------------------

# Nothing arrives before the test has seen what was unsent.
$receiver->close_port;
create_old('recent', LAST);
is($node->safe_psql('recent', 'SELECT library, catalog FROM eventlog.version()'), "$new|" . LAST, 'objects of the last release');
my %of_last = map { $_ => [ ids_of($node, 'recent', $_) ] } 'true', q{event_name LIKE 'order.%'}, q{event_name ~ 'late|order.refused'};
@unsent = ids_of($node, 'recent', q{event_id > (SELECT last_id FROM eventlog.reader_position WHERE name = 'halfway' AND kind = 'target')});
is(scalar @unsent, 16, '... which left events unsent');
$receiver->open_port;
wait_for_value($node, 'recent', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{halfway}, \@unsent, '... are served: what was unsent is sent');
is($arrived{$_}, undef, "... and nothing else: $_") foreach 'running', 'paused';
is(complaints('recent'), 0, '... and the worker has nothing to say');
my $logged = $node->safe_psql('recent', 'SELECT event_name FROM eventlog.events ORDER BY event_id LIMIT 1');
my $positional = "SELECT count(*) FROM eventlog.find_events('$logged')";
my $named = $node->safe_psql('recent', "SELECT count(*) FROM eventlog.find_events(event_name => '$logged')");
cmp_ok($named, '>', 0, '... and a page has its events');
is($node->safe_psql('recent', $positional), 0, '... whose first argument is still the source');
is($node->safe_psql('recent', 'SELECT count(*) FROM eventlog.log_events(NULL)'), 0, '... and functions that were STRICT stay so');
$node->safe_psql('recent', 'SELECT eventlog.maintain()');

# The functions that only the extension calls have another schema after the update. Each is called by SQL of the library.
my $session = $node->background_psql('recent');
my $lease_again = q{UPDATE eventlog.leases SET leased_until = now(); SELECT count(*) FROM eventlog.poll('reader', 2)};
my $internal = q{SELECT string_agg(pronamespace::regnamespace::text, ' ') FROM pg_proc WHERE proname = 'lease_again'};
is($session->query_safe($internal), 'eventlog', '... internal functions have no schema of their own');
is($session->query_safe("BEGIN; $lease_again; ROLLBACK"), 2, '... a lease that has ended is given out again');
is($session->query_safe("BEGIN; ALTER EXTENSION eventlog UPDATE; $internal; $lease_again; ROLLBACK"), "eventlog_internal\n2",
	'... also after an update in the same session');
is($session->query_safe("BEGIN; $lease_again; ROLLBACK"), 2, '... and after that has been rolled back');
$node->safe_psql('recent', 'ALTER EVENT TRIGGER eventlog_server_change DISABLE; '
	  . target_ddl('orphan', $receiver->url('/orphan'), events => 'nothing.at.all')
	  . '; ALTER EVENT TRIGGER eventlog_server_change ENABLE ALWAYS');
wait_for_value($node, 'recent', q{SELECT count(*) FROM eventlog.forward_status WHERE target = 'orphan'}, 1);
pass('... a server without a cursor gets one');
$node->safe_psql('recent', 'DROP SERVER orphan');
my $old_partition = q{to_regclass('eventlog.of_another_time')};
$node->safe_psql('recent', <<'SQL');
CREATE TABLE eventlog.of_another_time (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.of_another_time
    FOR VALUES FROM ('01000000-0000-0000-0000-000000000000') TO ('01100000-0000-0000-0000-000000000000');
SELECT eventlog.set_retention('eventlog.events', '10 years');
SELECT eventlog.maintain();
SQL
wait_for_value($node, 'recent', "SELECT $old_partition IS NULL", 't');
pass('... retention drops a partition');
$node->safe_psql('recent', q{SELECT eventlog.set_retention('eventlog.events', '1000 years')});

$node->safe_psql('recent', 'CREATE SCHEMA eventlog_internal');
is_deeply(refusal($node, 'recent', 'ALTER EXTENSION eventlog UPDATE'),
	{ sqlstate => '42P06', hint => 'Rename or drop the schema, then run ALTER EXTENSION eventlog UPDATE again.' },
	'ALTER EXTENSION UPDATE is refused while somebody else has a schema eventlog_internal');
is(version_of('recent'), LAST, '... and changes nothing');
$node->safe_psql('recent', 'DROP SCHEMA eventlog_internal');
$node->safe_psql('recent', 'ALTER EXTENSION eventlog UPDATE');
is(version_of('recent'), $new, 'ALTER EXTENSION UPDATE from ' . LAST);
is($session->query_safe("BEGIN; $lease_again; ROLLBACK"), 2, '... a session that was connected goes on');
$session->quit;
is($node->safe_psql('recent', $states), 'halfway running, paused paused, running running', '... a target that was paused stays so');
$node->safe_psql('recent', q{SELECT eventlog.resume_target('paused')});
wait_for_value($node, 'recent', $lags, 0);
wait_for_value($node, 'recent', q{SELECT count(*) FROM eventlog.dead_letters WHERE target = 'paused'}, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{paused}, $of_last{q{event_name ~ 'late|order.refused'}},
	'... resumed, it is sent what waits, and the dead letter that was to be sent again');
is($node->safe_psql('recent', 'SELECT count(*) FROM eventlog.dead_letters WHERE redriven_at IS NULL'), 2, '... the others are kept');
is($node->safe_psql('recent', $positional), $named, '... the first argument of a page is the name now');
is($node->safe_psql('recent', 'SELECT log, keep FROM eventlog.retention'), 'events|1000 years', '... and rules of retention');
is($node->safe_psql('recent', q{SELECT count(*), count(actor_id) FROM eventlog.events WHERE metadata @@ '$._eventLog.erased == true'}),
	'4|0', '... and what was erased stays so');

is($node->safe_psql('recent', q{SELECT string_agg(concat_ws(' ', name, lag_events, leased_events), ', ' ORDER BY name) FROM eventlog.consumers}),
	'done 0 0, orders 4 2, reader 17 6', '... and consumers, where they were');
$node->safe_psql('recent', 'UPDATE eventlog.leases SET leased_until = now()');
my @of_reader = @{ $of_last{true} };
splice @of_reader, 0, 3;
is_exactly([ read_on($node, 'recent', 'reader') ], \@of_reader, '... a consumer goes on, and gets again what it has not acknowledged');
is_exactly([ read_on($node, 'recent', 'orders') ], $of_last{q{event_name LIKE 'order.%'}}, '... also one with patterns');
$id = $node->safe_psql('recent', $log);
is_exactly([ read_on($node, 'recent', $_) ], [$id], "... and then what is new: $_") foreach 'done', 'reader';
is_exactly([ read_on($node, 'recent', 'orders') ], [], '... if it is selected');
wait_for_value($node, 'recent', $lags, 0);
$receiver->reset;

# Not preloaded, in a transaction and a subtransaction of the caller.
$node->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
$node->restart;
my %kept = (alone => [ OLD, '25|0' ], quiet => [ LAST, '27|2' ]);
foreach my $database (sort keys %kept)
{
	create_old($database, $kept{$database}[0]);
	$node->safe_psql($database, <<"SQL");
BEGIN; SAVEPOINT s; ALTER EXTENSION eventlog UPDATE; RELEASE s; $log; COMMIT;
SQL
	is(version_of($database), $new, "not preloaded: ALTER EXTENSION UPDATE from $kept{$database}[0], in a transaction with a log call");
	is($node->safe_psql($database, q{SELECT (SELECT count(*) FROM eventlog.events), (SELECT count(*) FROM eventlog.idempotency_keys)}),
		$kept{$database}[1], '... keeps events and idempotency keys');
}

# ---- equal to a fresh one --------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE fresh TEMPLATE template0');
$node->safe_psql('fresh', "CREATE EXTENSION eventlog; $log");
my $fresh = catalog_of($node, 'fresh');
cmp_ok(scalar keys %$fresh, '>', 200, 'the catalog of a fresh installation is known');
foreach my $database ('live', 'alone', 'recent', 'quiet')
{
	my @differences = catalog_differences(catalog_of($node, $database), $fresh);
	is(join("\n", @differences), '', "$database: updated, the catalog is a fresh installation's");
}

# An update keeps the privileges that a DBA has granted.
$node->safe_psql('granted', <<'SQL');
CREATE ROLE app;
GRANT USAGE ON SCHEMA eventlog TO PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog.log_event TO PUBLIC;
GRANT SELECT ON eventlog.forward_status, eventlog.events TO app;
ALTER EXTENSION eventlog UPDATE;
SELECT eventlog.maintain();
SQL
is(join("\n", catalog_differences(catalog_of($node, 'granted'), $fresh)), <<'END' =~ s/\n$//r, 'an update keeps grants');
different: function eventlog.log_event(text,jsonb,text,text,text,text,text,text,eventlog.event_origin,timestamp with time zone,double precision,text,text,text,boolean,text,text)
different: relation eventlog.events
different: relation eventlog.forward_status
different: schema eventlog
END

create_old('granted_recent', LAST);
$node->safe_psql('granted_recent', <<'SQL');
GRANT EXECUTE ON FUNCTION eventlog.poll TO PUBLIC;
GRANT SELECT ON eventlog.consumers TO app;
REVOKE SELECT ON eventlog.forward_status FROM pg_monitor;
REVOKE EXECUTE ON FUNCTION eventlog.health FROM pg_monitor;
GRANT EXECUTE ON FUNCTION eventlog.set_retention TO app WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION eventlog.set_retention TO PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog.list_events TO app;
ALTER EXTENSION eventlog UPDATE;
SELECT eventlog.maintain();
SQL
is(join("\n", catalog_differences(catalog_of($node, 'granted_recent'), $fresh)), <<'END' =~ s/\n$//r, '... and what was revoked');
different: function eventlog.health()
different: function eventlog.list_events(text,text,text,text,text,text,text,text,uuid,timestamp with time zone,timestamp with time zone,integer,text)
different: function eventlog.poll(text,integer,interval,interval)
different: function eventlog.set_retention(regclass,interval,boolean)
different: relation eventlog.consumers
different: relation eventlog.forward_status
END
my ($dump) = run_command([ 'pg_dump', '-s', '-d', $node->connstr('granted_recent') ]);
like($dump, qr/^GRANT ALL ON FUNCTION eventlog\.set_retention\(.*\) TO $_;$/m, '... also on a function that is replaced, in a dump too: ' . $_)
	foreach 'PUBLIC', 'app WITH GRANT OPTION';

# An object that depends on a function that is replaced stops the update, which names it.
create_old('dependent', LAST);
my $not_selected = sub {
	my ($target) = @_;
	my $event = $node->safe_psql('dependent', $log);
	return refusal($node, 'dependent', "SELECT eventlog.wait_for_forward('$event', '$target', '0')")->{sqlstate} eq '22023';
};
my $declare = q{CREATE SERVER %s FOREIGN DATA WRAPPER eventlog OPTIONS (url 'http://127.0.0.1:1/', format '%s')};
my $options = q{SELECT string_agg(srvname || ' ' || srvoptions[3], ', ' ORDER BY srvname) FROM pg_foreign_server WHERE srvname LIKE 'by_default%'};
$node->safe_psql('dependent', join ';', map { sprintf $declare, "by_default_$_", $_ } 'ndjson', 'statsig');
ok($not_selected->('by_default_ndjson'), 'a target of the last release is sent flagged events by default');
$node->safe_psql('dependent', q{CREATE VIEW short AS SELECT event_id FROM eventlog.find_events(event_name => 'short')});
is(refusal($node, 'dependent', 'ALTER EXTENSION eventlog UPDATE')->{sqlstate}, '2BP01',
	'an object of the user that depends on a replaced function stops the update');
my (undef, undef, $names) = $node->psql('dependent', 'ALTER EXTENSION eventlog UPDATE');
like($names, qr/DETAIL:  .*view (public\.)?short/, '... which names it');
is(version_of('dependent'), LAST, '... and changes nothing');
$node->safe_psql('dependent', 'DROP VIEW short; ALTER EXTENSION eventlog UPDATE');
is(version_of('dependent'), $new, '... until it is dropped');
is($node->safe_psql('dependent', $options), 'by_default_ndjson events=flagged', 'the update writes the default that the targets have');
ok($not_selected->('by_default_ndjson'), '... which stays');
$node->safe_psql('dependent', sprintf $declare, 'by_default_new', 'ndjson');
ok(!$not_selected->('by_default_new'), '... while a new target is sent all events');
$node->safe_psql('dependent', sprintf $declare, 'by_default_new_statsig', 'statsig');
ok($not_selected->('by_default_new_statsig'), '... unless it is of format statsig');

# ---- a dump of the old version ---------------------------------------------------------------------------------------

$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'eventlog'});
$node->restart;
$receiver->reset;
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->safe_psql('restored', $fixture{+OLD});
is(version_of('restored'), $new, 'a dump of the older version makes objects of the new one');
is($node->safe_psql('restored', $states), 'halfway paused, running paused', '... and its targets are paused');
$node->safe_psql('restored', q{SELECT eventlog.resume_target('halfway')});
wait_for_value($node, 'restored', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'halfway'}, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{halfway}, [ grep { $_ ne $between } @unsent_before ], '... and send what was unsent, resumed');

# ---- old library, new objects ----------------------------------------------------------------------------------------

$receiver->close_port;
my $held_back = $node->safe_psql('live', $log);
install_library($installation, library_of_version(OLD));
is($node->safe_psql('live', 'SELECT library FROM eventlog.version()'), $new, 'a preloaded library stays until the restart');
$node->restart;
my $logged_by_old = serves_log_calls('live', OLD, $new);
is(refusal($node, 'live', q{SELECT eventlog.poll('reader')})->{sqlstate}, '55000', 'a poll is refused');
my $once_more = $node->safe_psql('live', $once);
is($once_more, $first, '... an idempotency key is still good for one event');
my $autonomous = $node->safe_psql('live', q{SELECT eventlog.log_event_autonomous('autonomous')});
is_exactly([ ids_of($node, 'live', q{event_name = 'autonomous'}) ], [$autonomous], '... and an autonomous event is written');
$contents = contents_of($node, 'live');
wait_until('the worker shows why it waits', sub { shown('live') =~ /another version/ });
is(complaints('live'), 2, 'the worker says once more why it waits');
$receiver->open_port;
$receiver->reset;
is(contents_of($node, 'live'), $contents, 'nothing else is written');
is($receiver->request_count, 0, '... and nothing sent');
install_library($installation);
$node->restart;
wait_for_value($node, 'live', $lags, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{$_}, [ $held_back, $logged_by_old, $autonomous ], "with the library of its version the log goes on: $_") foreach 'halfway', 'running';

# ---- another cluster -------------------------------------------------------------------------------------------------

# pg_upgrade gives the cluster another identifier and version, and servers other oids; this does the same. test/pg_upgrade runs
# the real one between two versions.
my $moved = 'UPDATE eventlog.cluster SET system_identifier = system_identifier + 1';
my $mixed_up = q{UPDATE eventlog.targets SET server = (SELECT oid FROM pg_foreign_server WHERE srvname <> name)};
my $incarnation = 'SELECT incarnation FROM eventlog.cluster';
$receiver->close_port;
$held_back = $node->safe_psql('live', $log);
my $known = $node->safe_psql('live', $incarnation);
$node->safe_psql($_, "$moved, server_major = server_major - 1; $mixed_up") foreach 'live', 'alone';
$node->restart;
$receiver->open_port;
wait_for_value($node, 'live', $lags, 0);
%arrived = arrivals($receiver);
is_exactly($arrived{$_}, [$held_back], "after pg_upgrade the worker goes on by itself: $_") foreach 'halfway', 'running';
is($node->safe_psql('live', $incarnation), $known, '... with the same log');
my %is_read = map { $_ => 1 } @logged;
is_exactly([ read_on($node, 'live', 'reader') ], [ grep { !$is_read{$_} } ids_of($node, 'live', 'true') ], '... and its consumer');
$node->safe_psql('alone', 'ALTER SERVER halfway RENAME TO renamed; DROP SERVER running');
is($node->safe_psql('alone', q{SELECT string_agg(name, ' ') FROM eventlog.reader_position}), 'renamed',
	'... and where none runs, a command on a server finds its target');

$node->safe_psql('live', $moved);
$node->restart;
$node->safe_psql('live', $log);
isnt($node->safe_psql('live', $incarnation), $known, 'another cluster of the same version has a copy');
is($node->safe_psql('live', $states), 'halfway paused, running paused', '... whose targets are paused');

# ---- binary upgrade mode ---------------------------------------------------------------------------------------------

is_free_of_crashes($node);
$node->stop;
my @pg_ctl = ("$installation/bin/pg_ctl", '--wait', '--pgdata', $node->data_dir, '--log', $node->logfile);
command_ok([ @pg_ctl, '-o', '-b', 'start' ], 'a server as pg_upgrade starts it');
sleep QUIET;
is($node->safe_psql('live', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'eventlog%'}), 0,
	'... runs nothing of the extension');
command_ok([ @pg_ctl, 'stop' ], '... and stops');
done_testing();
