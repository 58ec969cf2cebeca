# A role that was granted everything on the tables, as GRANT ALL does, attaches triggers, conditions and foreign keys to them. None of its
# functions runs as the role that writes: not in a log call, not in another function of the extension, not in the worker. The same holds
# for what the owner of a partition adds to it. A function of the owner of the log, or of a superuser, runs as before.
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

my $receiver = EventReceiver->start;
my $node = start_eventlog('attacked', 'eventlog.poll_interval = 100ms');
my $without = PostgreSQL::Test::Cluster->new('not_preloaded');
$without->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$without->start;
$without->safe_psql('postgres', 'CREATE EXTENSION eventlog');

# Whatever runs notes its role here.
my $setup = <<'SQL';
CREATE ROLE mallory LOGIN;
CREATE ROLE trusted;
CREATE TABLE public.ran (role text, session text, path text);
GRANT SELECT, INSERT ON public.ran TO PUBLIC;
GRANT CREATE ON SCHEMA public TO mallory;
GRANT USAGE ON SCHEMA eventlog TO mallory;
SELECT eventlog.log_event('first', idempotency_key => 'first', actor_id => 'alice');
GRANT ALL ON ALL TABLES IN SCHEMA eventlog TO mallory;
CREATE FUNCTION public.insert_into_ran() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.ran VALUES (current_user, session_user, current_setting('search_path'));
END $$;
CREATE FUNCTION public.own_notes(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM public.insert_into_ran();
    RETURN true;
END $$;
SET ROLE mallory;
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.insert_into_ran();
    RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION public.notes(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    PERFORM public.insert_into_ran();
    RETURN true;
END $$;
SQL

sub sql_of { my ($server, $sql) = @_; return $server->safe_psql('postgres', $sql); }

# Fails for the extension's reason alone, and has run nothing.
sub is_refused
{
	my ($server, $call, $object, $name) = @_;
	my (undef, undef, $stderr) = $server->psql('postgres', $call, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($stderr, qr/ERROR:  42501: \Q$object\E .*must not run/, "$name: $call is refused");
	like($stderr, qr/CONSTRAINT NAME:  attached_code$/m, '... by the rule');
	is(sql_of($server, 'SELECT count(*) FROM public.ran'), 0, '... and ran nothing');
	return;
}

sub is_served
{
	my ($server, $call, $name) = @_;
	my (undef, undef, $stderr) = $server->psql('postgres', $call);
	is($stderr, '', "$name: $call");
	return;
}

my $log = q{SELECT eventlog.log_event('logged')};
my $other_key = q{SELECT eventlog.log_event('logged', idempotency_key => gen_random_uuid()::text)};
my $by_executor = "SET eventlog.insert_method = executor; $log";

sql_of($_, $setup) foreach $node, $without;
my $leaf_of = sub { my ($server, $table) = @_; return sql_of($server, "SELECT tableoid::regclass FROM eventlog.$table LIMIT 1") };

# ---- the log ---------------------------------------------------------------------------------------------------------

foreach my $server ($node, $without)
{
	my $name = $server->name;
	my $leaf = $leaf_of->($server, 'events');
	my $ledger = $leaf_of->($server, 'idempotency_keys');
	my $note = 'EXECUTE FUNCTION public.note()';
	my $builtin = 'EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()';
	my @triggers = (
		[ $leaf, "BEFORE INSERT ON $leaf FOR EACH ROW $note" ],
		[ $leaf, "AFTER INSERT ON $leaf FOR EACH ROW $note" ],
		[ $leaf, "BEFORE UPDATE ON $leaf FOR EACH ROW WHEN (public.notes(NEW.event_name)) $builtin" ],
		[ $leaf, "BEFORE DELETE ON $leaf FOR EACH STATEMENT $note" ],
		[ 'eventlog.events', "AFTER INSERT ON eventlog.events FOR EACH STATEMENT $note" ],
		[ 'eventlog.events', "BEFORE INSERT ON eventlog.events FOR EACH ROW $note" ]);
	foreach my $trigger (@triggers)
	{
		my ($table, $definition) = @$trigger;
		sql_of($server, "SET ROLE mallory; CREATE TRIGGER stranger $definition");
		is_refused($server, $_, "trigger stranger on table $table", $name) foreach $log, $by_executor;
		sql_of($server, "ALTER TABLE $table DISABLE TRIGGER stranger");
		is_served($server, $log, "$name: the trigger is disabled");
		sql_of($server, "DROP TRIGGER stranger ON $table");
	}
	sql_of($server, "SET ROLE mallory; CREATE CONSTRAINT TRIGGER stranger AFTER INSERT ON $leaf DEFERRABLE INITIALLY DEFERRED FOR EACH ROW $note");
	is_refused($server, $log, "trigger stranger on table $leaf", $name);
	sql_of($server, "DROP TRIGGER stranger ON $leaf");
	sql_of($server, "SET ROLE mallory; CREATE TRIGGER stranger BEFORE INSERT ON $ledger FOR EACH ROW $note");
	is_refused($server, $other_key, "trigger stranger on table $ledger", $name);
	sql_of($server, "DROP TRIGGER stranger ON $ledger");
	is_served($server, $_, $name) foreach $log, $by_executor, $other_key;

	# What the owner of a partition can add.
	my @parts = (
		[ 'constraint stranger on table %s', 'ALTER TABLE %s ADD CONSTRAINT stranger CHECK (public.notes(event_id)) NOT VALID', 'ALTER TABLE %s DROP CONSTRAINT stranger' ],
		[ 'index eventlog.stranger', 'CREATE INDEX stranger ON %s (event_id, (public.notes(event_id)))', 'DROP INDEX eventlog.stranger' ],
		[ 'index eventlog.stranger', 'CREATE INDEX stranger ON %s (event_id) WHERE public.notes(1)', 'DROP INDEX eventlog.stranger' ],
		[ 'rule stranger on table %s', 'CREATE RULE stranger AS ON INSERT TO %s WHERE public.notes(NEW.event_id) DO NOTHING', 'DROP RULE stranger ON %s' ],
		[ 'rule stranger on table %s', 'CREATE RULE stranger AS ON INSERT TO %s DO ALSO SELECT public.notes(NEW.event_id)', 'DROP RULE stranger ON %s' ],
		[ 'column extra of table %s', 'ALTER TABLE %s ALTER extra SET DEFAULT public.notes(1)', 'ALTER TABLE %s ALTER extra DROP DEFAULT' ]);
	sql_of($server, 'ALTER TABLE eventlog.events ADD COLUMN extra boolean; GRANT CREATE ON SCHEMA eventlog TO mallory');
	foreach my $part (@parts)
	{
		foreach my $table ($leaf, $ledger)
		{
			my ($object, $make, $drop) = map { /%s/ ? sprintf $_, $table : $_ } @$part;
			next if $make =~ /extra/ && $table eq $ledger;
			sql_of($server, "ALTER TABLE $table OWNER TO mallory; SET ROLE mallory; $make; RESET ROLE; DELETE FROM public.ran");
			is_refused($server, $_, $object, $name) foreach $table eq $leaf ? ($log, $by_executor) : ($other_key);
			sql_of($server, "$drop; ALTER TABLE $table OWNER TO CURRENT_USER; GRANT ALL ON $table TO mallory");
		}
	}
	sql_of($server, 'ALTER TABLE eventlog.events DROP COLUMN extra; REVOKE CREATE ON SCHEMA eventlog FROM mallory');
	is_served($server, $_, $name) foreach $log, $by_executor, $other_key;
}

# ---- the other tables ------------------------------------------------------------------------------------------------

# Calls that write each table.
my %writers = (
	consumer_definitions => [q{SELECT eventlog.create_consumer('another')}, q{SELECT eventlog.drop_consumer('reader')}],
	reader_window => [q{SELECT eventlog.create_consumer('another')}, q{SELECT eventlog.rewind_target('target', 'now')}, 'DROP SERVER target',
		q{ALTER SERVER target RENAME TO renamed}],
	reader_position => [q{SELECT eventlog.create_consumer('another')}, q{SELECT eventlog.drop_consumer('reader')}],
	targets => [q{SELECT eventlog.pause_target('target')}, q{SELECT eventlog.resume_target('target')}, 'DROP SERVER target',
		q{ALTER SERVER target RENAME TO renamed}, target_ddl('another', $receiver->url('/another')),
		'SELECT eventlog.reset_stats()'],
	dead_letters => [q{SELECT eventlog.redrive('target')}, q{SELECT eventlog.redrive('target', now(), now(), 'x')},
		q{SELECT eventlog.purge_dead_letters('target', 'infinity')}],
	leases => [q{SELECT eventlog.poll('reader')}, q{SELECT eventlog.ack('reader', max(ids[1]::text)::uuid) FROM eventlog.leases},
		q{SELECT eventlog.nack('reader', max(ids[1]::text)::uuid) FROM eventlog.leases}],
	retention => [q{SELECT eventlog.set_retention('eventlog.events', '1 year')}, q{SELECT eventlog.set_retention('eventlog.events', NULL)}],
	cluster => ['SELECT eventlog.reset_stats()', q{LOAD 'eventlog'; UPDATE eventlog.cluster SET system_identifier = system_identifier}],
	sealed_partitions => [q{LOAD 'eventlog'; DELETE FROM eventlog.sealed_partitions}],
	retired_partitions => [q{LOAD 'eventlog'; DELETE FROM eventlog.retired_partitions}]);
my $tables = q{SELECT relname FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relkind = 'r' AND NOT relispartition ORDER BY 1};
is(sql_of($node, $tables), join("\n", sort keys %writers), 'every table of the extension is tried');

foreach my $server ($node, $without)
{
	$server->safe_psql('postgres', target_ddl('target', $receiver->url('/target')) . q{; SELECT eventlog.pause_target('target')});
	sql_of($server, q{SELECT eventlog.create_consumer('reader', 'beginning'); SELECT count(*) FROM eventlog.poll('reader', 1)});
	foreach my $table (sort keys %writers)
	{
		sql_of($server, "SET ROLE mallory; CREATE TRIGGER stranger BEFORE INSERT OR UPDATE OR DELETE ON eventlog.$table FOR EACH STATEMENT EXECUTE FUNCTION public.note()");
		is_refused($server, $_, "trigger stranger on table eventlog.$table", $server->name) foreach @{ $writers{$table} };
		sql_of($server, "DROP TRIGGER stranger ON eventlog.$table");
	}

	# An erasure changes rows of the log and of the ledger.
	foreach my $table (map { $leaf_of->($server, $_) } qw(events idempotency_keys))
	{
		sql_of($server, "SET ROLE mallory; CREATE TRIGGER stranger BEFORE UPDATE OR DELETE ON $table FOR EACH ROW EXECUTE FUNCTION public.note()");
		is_refused($server, q{SELECT eventlog.erase_actor(NULL, 'alice')}, "trigger stranger on table $table", $server->name);
		sql_of($server, "DROP TRIGGER stranger ON $table");
	}

	# The rows that a foreign key of hers deletes fire her triggers.
	sql_of($server, <<'SQL');
SET ROLE mallory;
CREATE TABLE public.hers AS SELECT 'reader' AS name;
CREATE TRIGGER note AFTER DELETE ON public.hers FOR EACH ROW EXECUTE FUNCTION public.note();
ALTER TABLE public.hers ADD FOREIGN KEY (name) REFERENCES eventlog.consumer_definitions ON DELETE CASCADE;
SQL
	is_refused($server, q{SELECT eventlog.drop_consumer('reader')}, 'constraint hers_name_fkey on table public.hers', $server->name);
	sql_of($server, 'DROP TABLE public.hers');
	is_served($server, $_, $server->name) foreach q{SELECT eventlog.resume_target('target')}, q{SELECT eventlog.drop_consumer('reader')};
}

# An update writes tables, too.
$without->safe_psql('postgres', 'CREATE DATABASE updated TEMPLATE template0');
$without->safe_psql('updated', <<'SQL');
CREATE EXTENSION eventlog VERSION '0.2.0';
CREATE TABLE public.ran (role text);
CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ran VALUES (current_user); RETURN NULL; END';
ALTER FUNCTION public.note() OWNER TO mallory;
CREATE TRIGGER stranger AFTER UPDATE ON eventlog.targets FOR EACH STATEMENT EXECUTE FUNCTION public.note();
SQL
(undef, undef, my $refused) = $without->psql('updated', 'ALTER EXTENSION eventlog UPDATE');
like($refused, qr/trigger stranger on table eventlog\.targets calls a function/, 'an update does not run the function, either');
$without->stop;

# ---- the worker ------------------------------------------------------------------------------------------------------

my $leaf = $leaf_of->($node, 'events');
wait_for_ids($receiver, sql_of($node, $log) && 1);
sql_of($node, "SET ROLE mallory; CREATE TRIGGER stranger BEFORE INSERT ON $leaf FOR EACH ROW EXECUTE FUNCTION public.note()");
is_refused($node, q{SELECT eventlog.log_event_autonomous('autonomous')}, "trigger stranger on table $leaf", 'the worker');
sql_of($node, "DROP TRIGGER stranger ON $leaf");
is_served($node, q{SELECT eventlog.log_event_autonomous('autonomous')}, 'the worker');
foreach my $table (qw(reader_window reader_position))
{
	my $log_size = -s $node->logfile;
	sql_of($node, "SET ROLE mallory; CREATE TRIGGER stranger BEFORE UPDATE ON eventlog.$table FOR EACH ROW EXECUTE FUNCTION public.note()");
	sql_of($node, $log);
	ok($node->wait_for_log(qr/trigger stranger on table eventlog\.$table calls a function/, $log_size), "the worker does not write $table");
	is(sql_of($node, 'SELECT count(*) FROM public.ran'), 0, '... and ran nothing');
	sql_of($node, "DROP TRIGGER stranger ON eventlog.$table");
	wait_for_value($node, 'postgres', q{SELECT lag_events FROM eventlog.forward_status WHERE target = 'target'}, 0);
	pass("... and goes on without the trigger on $table");
}

# ---- functions whose owner changes -----------------------------------------------------------------------------------

# One session keeps what it has found until it changes.
my $session = $node->background_psql('postgres', on_error_stop => 0);
my $ask = sub { my ($out) = $session->query($_[0]); return $out };
sql_of($node, <<'SQL');
CREATE FUNCTION public.verdict() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    rule text;
BEGIN
    PERFORM eventlog.log_event('kept');
    RETURN 'logged';
EXCEPTION WHEN insufficient_privilege THEN
    GET STACKED DIAGNOSTICS rule = CONSTRAINT_NAME;
    RETURN rule;
END $$;
CREATE FUNCTION public.trusted_note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ran VALUES (current_user); RETURN NEW; END';
SQL
my $verdict_of = sub { return $ask->('SELECT public.verdict()') };
is($verdict_of->(), 'logged', 'a session logs');
sql_of($node, "CREATE TRIGGER own BEFORE INSERT ON $leaf FOR EACH ROW EXECUTE FUNCTION public.trusted_note()");
is($verdict_of->(), 'logged', "a superuser's function runs");
sql_of($node, 'ALTER FUNCTION public.trusted_note() OWNER TO trusted');
is($verdict_of->(), 'attached_code', '... until another role owns it');
sql_of($node, 'ALTER ROLE trusted SUPERUSER');
is($verdict_of->(), 'logged', '... or that role becomes a superuser');
sql_of($node, 'ALTER ROLE trusted NOSUPERUSER');
is($verdict_of->(), 'attached_code', '... and no longer when it is none');
sql_of($node, "GRANT USAGE, CREATE ON SCHEMA eventlog TO trusted; GRANT USAGE ON TYPE eventlog.event_origin TO trusted; ALTER TABLE eventlog.events OWNER TO trusted");
is($verdict_of->(), 'logged', 'the function of the owner of the log runs');
is(sql_of($node, 'SELECT string_agg(DISTINCT role, $$ $$ ORDER BY role) FROM public.ran'), join(' ', sort 'trusted', $node->safe_psql('postgres', 'SELECT session_user')),
	'... as the owner of the log');
sql_of($node, "DROP TRIGGER own ON $leaf; ALTER TABLE eventlog.events OWNER TO CURRENT_USER; DELETE FROM public.ran");

# Another role writes at its own risk, as into every table.
sql_of($node, <<'SQL');
CREATE ROLE loader;
GRANT USAGE ON SCHEMA eventlog TO loader;
GRANT SELECT, INSERT ON eventlog.dead_letters TO loader;
CREATE TRIGGER own BEFORE INSERT ON eventlog.dead_letters FOR EACH ROW EXECUTE FUNCTION public.trusted_note();
SQL
my $load = q{INSERT INTO eventlog.dead_letters VALUES ('target', gen_random_uuid(), 400, 'refused', '', 1, now(), now())};
is_refused($node, "LOAD 'eventlog'; $load", 'trigger own on table eventlog.dead_letters', 'a superuser');
is_served($node, "SET ROLE loader; $load", 'a role that may insert');
sql_of($node, 'DROP TRIGGER own ON eventlog.dead_letters; DELETE FROM public.ran');

# A domain that gets a constraint.
sql_of($node, 'CREATE DOMAIN public.kind AS text; ALTER TABLE eventlog.events ADD COLUMN kind public.kind');
is($verdict_of->(), 'logged', 'a column has a domain');
sql_of($node, 'ALTER DOMAIN public.kind ADD CHECK (public.notes(1)) NOT VALID; DELETE FROM public.ran');
is($verdict_of->(), 'attached_code', "... and the domain a constraint with the stranger's function");
sql_of($node, 'ALTER TABLE eventlog.events DROP COLUMN kind; DROP DOMAIN public.kind');
is($verdict_of->(), 'logged', '... and the column is dropped');
$session->quit;

# ---- both ways run checks and indexes as the same role ---------------------------------------------------------------

sql_of($node, <<"SQL");
DELETE FROM public.ran;
CREATE ROLE caller LOGIN;
GRANT USAGE ON SCHEMA eventlog TO caller;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eventlog TO caller;
ALTER TABLE $leaf ADD CONSTRAINT checked CHECK (public.own_notes(event_id)) NOT VALID;
CREATE INDEX checked ON $leaf ((public.own_notes(event_name)));
DELETE FROM public.ran;
SQL
my $owner = sql_of($node, 'SELECT session_user');
foreach my $way ('auto', 'executor')
{
	$node->safe_psql('postgres', "SET eventlog.insert_method = $way; SET SESSION AUTHORIZATION caller; SET search_path = public; $log");
	is(sql_of($node, 'DELETE FROM public.ran RETURNING role, session, path'), join("\n", ("$owner|caller|pg_catalog, pg_temp") x 2),
		"way $way: a check and an index run as the owner");
}
sql_of($node, "ALTER TABLE $leaf DROP CONSTRAINT checked; DROP INDEX eventlog.checked");

done_testing();
