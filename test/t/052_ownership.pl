# A schema that somebody else has made, and functions that somebody else has put beside the extension's. CREATE EXTENSION and ALTER
# EXTENSION UPDATE refuse what its owner could abuse, a dump of every legitimate installation is restored, and no overload is ever
# called in the place of a function of the extension.
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

use constant LAST => '0.2.0';

my $receiver = EventReceiver->start;
my $node = start_eventlog('ownership', 'eventlog.poll_interval = 100ms', 'max_worker_processes = 60');
my $create = 'CREATE EXTENSION eventlog';
my $update = 'ALTER EXTENSION eventlog UPDATE';
my $log = q{SELECT eventlog.log_event('of today')};
my $moves_schema = 'Look at what the schema holds, and run ALTER SCHEMA eventlog OWNER TO CURRENT_USER.';
my $moves_objects = 'Drop these objects, or move them to another schema.';

$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE ROLE boss SUPERUSER LOGIN');

sub new_database
{
	my ($database, @statements) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	$node->safe_psql('postgres', "GRANT CREATE ON DATABASE $database TO stranger");
	$node->safe_psql($database, $_) foreach @statements;
	return;
}

sub by
{
	my ($role, $database, $sql) = @_;
	$node->safe_psql($database, "SET SESSION AUTHORIZATION $role; $sql");
	return;
}

sub version_of { return $node->safe_psql($_[0], q{SELECT extversion FROM pg_extension WHERE extname = 'eventlog'}) }

# ---- CREATE EXTENSION ------------------------------------------------------------------------------------------------

new_database('hers');
by('stranger', 'hers', 'CREATE SCHEMA eventlog');
is_deeply(refusal($node, 'hers', $create), { sqlstate => '42501', hint => $moves_schema },
	'CREATE EXTENSION is refused in the schema of a role that is not a superuser');
is(version_of('hers'), '', '... and leaves nothing');
by('stranger', 'hers', q{CREATE FUNCTION eventlog.log_event(varchar) RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'});
$node->safe_psql('hers', 'ALTER SCHEMA eventlog OWNER TO CURRENT_USER');
is_deeply(refusal($node, 'hers', $create), { sqlstate => '55000', hint => $moves_objects },
	'... and in the schema of a superuser that holds a function of hers');
$node->safe_psql('hers', 'DROP FUNCTION eventlog.log_event(varchar)');
foreach my $object ('TABLE %s.t ()', 'VIEW %s.v AS SELECT 1', 'TYPE %s.t AS ENUM ()', 'DOMAIN %s.d AS text', 'SEQUENCE %s.s',
	'OPERATOR %s.<> (FUNCTION = pg_catalog.texteqname, LEFTARG = text, RIGHTARG = name)', 'COLLATION %s.c FROM "C"')
{
	$node->safe_psql('hers', 'CREATE ' . sprintf $object, 'eventlog');
	is(refusal($node, 'hers', $create)->{sqlstate}, '55000', "... or an object: $object");
	my ($kind, $rest) = split / /, $object, 2;
	my $name = $kind eq 'OPERATOR' ? 'eventlog.<> (text, name)' : 'eventlog.' . ($rest =~ /%s\.(\w+)/)[0];
	$node->safe_psql('hers', "DROP $kind $name");
}
$node->safe_psql('hers', "$create; $log");
pass('it succeeds in an empty schema of a superuser');
new_database('of_boss', 'CREATE SCHEMA eventlog AUTHORIZATION boss', $create, $log);
pass('... of another superuser, too');

# ---- ALTER EXTENSION UPDATE ------------------------------------------------------------------------------------------

new_database('updated');
by('stranger', 'updated', 'CREATE SCHEMA eventlog');
$node->safe_psql('updated', "$create VERSION '" . LAST . "'");
is_deeply(refusal($node, 'updated', $update), { sqlstate => '42501', hint => $moves_schema },
	'ALTER EXTENSION UPDATE is refused in the schema of a role that is not a superuser');
by('stranger', 'updated', q{CREATE FUNCTION eventlog.event_time(text) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'});
$node->safe_psql('updated', 'ALTER SCHEMA eventlog OWNER TO CURRENT_USER');
is_deeply(refusal($node, 'updated', $update), { sqlstate => '55000', hint => $moves_objects },
	'... and in the schema of a superuser that holds a function of hers');
is(version_of('updated'), LAST, '... and changes nothing');
$node->safe_psql('updated', 'DROP FUNCTION eventlog.event_time(text)');
$node->safe_psql('updated', 'ALTER SCHEMA eventlog RENAME TO renamed; CREATE SCHEMA eventlog');
is_deeply(refusal($node, 'updated', $update),
	{ sqlstate => '55000', hint => 'Rename the other schema, and run ALTER SCHEMA renamed RENAME TO eventlog.' },
	'... and while another schema has the name');
$node->safe_psql('updated', 'ALTER SCHEMA eventlog RENAME TO other; ALTER SCHEMA renamed RENAME TO eventlog; DROP SCHEMA other');

# Partitions, and whatever the superuser has put beside the extension, do not hinder an update.
$node->safe_psql('updated', <<"SQL");
$log;
CREATE VIEW eventlog.of_the_dba AS SELECT count(*) FROM eventlog.events;
CREATE TABLE eventlog.own (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.own
    FOR VALUES FROM ('01000000-0000-0000-0000-000000000000') TO ('01100000-0000-0000-0000-000000000000');
ALTER TABLE eventlog.own OWNER TO stranger;
$update;
SQL
is($node->safe_psql('updated', "$log IS NOT NULL; SELECT count FROM eventlog.of_the_dba"), "t\n2", 'otherwise the update succeeds');
$node->safe_psql('updated', 'ALTER TABLE eventlog.own OWNER TO CURRENT_USER');

# ---- restores --------------------------------------------------------------------------------------------------------

my $folder = PostgreSQL::Test::Utils::tempdir('dumps');
$node->safe_psql('of_boss', 'CREATE FUNCTION eventlog.beside() RETURNS int LANGUAGE sql AS $$ SELECT 7 $$');
foreach my $case ([ 'plain', '' ], [ 'authorization', '--use-set-session-authorization' ], [ 'ownerless', '--no-owner' ])
{
	my ($name, @options) = grep { $_ ne '' } @$case;
	foreach my $source ('postgres', 'of_boss', 'updated')
	{
		my $restored = "${source}_$name";
		$node->safe_psql('postgres', "CREATE DATABASE $restored TEMPLATE template0");
		$node->command_ok([ 'pg_dump', '--file', "$folder/$restored", @options, $source ], "pg_dump @options of $source");
		$node->command_ok([ 'psql', '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--file', "$folder/$restored", $restored ], '... is restored');
		is($node->safe_psql($restored, 'SELECT count(*) FROM eventlog.events'),
			$node->safe_psql($source, 'SELECT count(*) FROM eventlog.events'), '... with its events');
	}
}
is($node->safe_psql('of_boss_plain', q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'eventlog'}), 'boss',
	'... and the owner of the schema');
is($node->safe_psql('of_boss_plain', 'SELECT eventlog.beside()'), 7, '... and what was beside the extension');

# ---- overloads -------------------------------------------------------------------------------------------------------

# Beside each function that takes arguments, functions of the same name are made whose arguments other types can be converted to.
# Each fails when it is called.
new_database('crowded', $create, $log);
$node->safe_psql('crowded', <<'SQL');
DO $$
DECLARE
    other record;
    variants text[][] := '{{text, varchar}, {text, name}, {text, bpchar}, {oid, int}, {oid, bigint}, {oid, regclass}, {regclass, oid},
                           {regclass, text}, {regclass, bigint}, {bigint, int}, {bigint, numeric}, {int, bigint}, {integer, bigint},
                           {jsonb, json}, {jsonb, text}, {json, jsonb}, {json, text}, {uuid, text}, {boolean, text}, {interval, text},
                           {timestamp with time zone, text}, {timestamp with time zone, timestamp}, {"text[]", "varchar[]"}}';
    arguments text;
    made int := 0;
BEGIN
    FOR other IN
        SELECT p.oid, n.nspname, p.proname, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, i) ORDER BY i) AS types
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('eventlog', 'eventlog_internal') AND p.pronargs > 0 AND p.provariadic = 0
          AND p.prorettype <> 'trigger'::regtype
    LOOP
        FOR i IN 1 .. array_length(variants, 1) LOOP
            arguments := array_to_string(array_replace(other.types, variants[i][1], variants[i][2]), ', ');
            CONTINUE WHEN arguments = array_to_string(other.types, ', ');
            EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS void LANGUAGE plpgsql AS %L', other.nspname, other.proname,
                           arguments, format('BEGIN RAISE EXCEPTION ''the overload of %s(%s) is called''; END', other.proname, arguments));
            made := made + 1;
        END LOOP;
        arguments := array_to_string(array_fill('anyelement'::text, ARRAY[cardinality(other.types)]), ', ');
        EXECUTE format('CREATE OR REPLACE FUNCTION %I.%I(%s) RETURNS void LANGUAGE plpgsql AS %L', other.nspname, other.proname,
                       arguments, format('BEGIN RAISE EXCEPTION ''the overload of %s(%s) is called''; END', other.proname, arguments));
    END LOOP;
    IF made < 100 THEN
        RAISE EXCEPTION 'only % overloads', made;
    END IF;
END
$$;
SQL

my $target = target_ddl('target', $receiver->url('/target'));
my $id = $node->safe_psql('crowded', 'SELECT event_id FROM eventlog.events');
my $old_partition = <<'SQL';
CREATE TABLE eventlog.old (LIKE eventlog.events INCLUDING ALL, PRIMARY KEY (event_id));
ALTER TABLE eventlog.events ATTACH PARTITION eventlog.old
    FOR VALUES FROM ('01000000-0000-0000-0000-000000000000') TO ('01100000-0000-0000-0000-000000000000')
SQL
my @calls = (
	$target,
	q{SELECT eventlog.log_event('a'::text, metadata => '{"a": 1}'::jsonb, idempotency_key => 'k'::text)},
	q{SELECT eventlog.log_envelope('{"eventName": "a"}'::jsonb)},
	q{SELECT eventlog.log_events('[{"eventName": "a"}]'::jsonb)},
	q{SELECT eventlog.log_events_json('[{"eventName": "a"}]'::json)},
	q{SELECT eventlog.try_log_events('[{"eventName": "a"}, 1]'::jsonb)},
	q{SELECT eventlog.log_event_autonomous('a'::text, actor_id => 'x'::text)},
	"SELECT eventlog.from_ulid(eventlog.ulid('$id'::uuid)), eventlog.event_time('$id'::uuid)",
	q{SELECT eventlog.list_events('a'::text)}, q{SELECT eventlog.find_events('a'::text)},
	q{SELECT * FROM eventlog.recent_events}, q{SELECT * FROM eventlog.settled_events},
	q{SELECT eventlog.create_consumer('c'::text, 'beginning'::text, '{a}'::text[])},
	q{SELECT eventlog.create_consumer('d'::text, '2020-01-01'::text, NULL::text[])},
	"SELECT eventlog.create_consumer('e'::text, eventlog.ulid('$id'::uuid), NULL::text[])",
	q{SELECT eventlog.ack('c'::text, max) FROM (SELECT event_id AS max FROM eventlog.poll('c'::text, 10, '0'::interval, '1 minute'::interval) ORDER BY 1 DESC LIMIT 1) p},
	q{SELECT eventlog.nack('d'::text, max) FROM (SELECT event_id AS max FROM eventlog.poll('d'::text, 10, '0'::interval, '1 minute'::interval) ORDER BY 1 DESC LIMIT 1) p},
	q{SELECT eventlog.poll('d'::text, 10, '0'::interval, '1 minute'::interval)},
	q{SELECT * FROM eventlog.consumers}, q{SELECT eventlog.drop_consumer('c'::text)},
	q{SELECT eventlog.pause_target('target'::text)}, q{SELECT eventlog.resume_target('target'::text)},
	q{SELECT * FROM eventlog.test_target('target'::text)},
	q{SELECT eventlog.rewind_target('target'::text, 'beginning'::text)},
	q{INSERT INTO eventlog.dead_letters (target, event_id, reason, attempts, first_attempt_at, last_attempt_at)
	  SELECT 'target', event_id, 'test', 1, now(), now() FROM eventlog.events},
	"SELECT eventlog.redrive('target'::text, '$id'::uuid)",
	q{SELECT eventlog.redrive('target'::text, NULL::timestamptz, NULL::timestamptz, 'none'::text)},
	q{SELECT eventlog.purge_dead_letters('target'::text, now())},
	"SELECT eventlog.wait_for_forward('$id'::uuid, 'target'::text, '1 minute'::interval)",
	q{SELECT * FROM eventlog.forward_status}, q{SELECT * FROM eventlog.progress}, q{SELECT * FROM eventlog.stats},
	q{SELECT eventlog.metrics()}, q{SELECT * FROM eventlog.partitions}, q{SELECT eventlog.version()},
	$old_partition,
	q{SELECT eventlog.set_retention('eventlog.events'::regclass, '1 year'::interval, false)},
	q{SELECT * FROM eventlog.partitions}, q{SELECT eventlog.maintain()},
	q{SELECT eventlog.erase_actor('t'::text, 'x'::text)}, q{SELECT eventlog.erase_resource('t'::text, 'x'::text)},
	"SELECT eventlog.erase_event('$id'::uuid)",
	'ALTER SERVER target RENAME TO renamed', 'DROP SERVER renamed',
	q{DELETE FROM eventlog.cluster}, q{SELECT eventlog.maintain()});
foreach my $call (@calls)
{
	my ($status, undef, $stderr) = $node->psql('crowded', $call);
	is($stderr, '', 'with overloads of everything: ' . $call =~ s/\s+/ /gr);
}
my $health = $node->safe_psql('crowded', 'SELECT eventlog.health()');
unlike($health, qr/overload|unknown/, 'with overloads of everything: health()');
wait_for_value($node, 'crowded', q{SELECT to_regclass('eventlog.old') IS NULL}, 't');
pass('... and retention');
unlike(slurp_file($node->logfile), qr/the overload of/, '... and the processes of the extension');
is_free_of_crashes($node);
done_testing();
