# Bytes that are not UTF-8 reach a session unchecked: in the names of roles that were made in a database of another encoding, in the
# options of a connection, and in settings that such a database stores. None of them gets into the log, and a dump of it restores.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use EventlogTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_eventlog('callers');
$node->safe_psql('postgres', <<'SQL');
CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
GRANT USAGE ON SCHEMA eventlog TO PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA eventlog TO PUBLIC;
SQL
my $role = "m\xfcller";
$node->safe_psql('ascii', qq{SET client_encoding = 'SQL_ASCII'; CREATE ROLE "$role" LOGIN; CREATE ROLE "l\xe4" NOLOGIN; GRANT "l\xe4" TO "$role"});

# Returns what a session of the role prints, or the SQLSTATE, message and DETAIL of its error.
sub answer
{
	my ($sql, @options) = @_;
	my ($status, $printed, $error) = $node->psql('postgres', $sql, extra_params => [ '-v', 'VERBOSITY=verbose', @options ]);
	return $printed if $status == 0;
	return join "\n", $error =~ /^.*(?:ERROR|FATAL):  (.*)$/m, $error =~ /^DETAIL:  (.*)$/m;
}

sub last_event
{
	my ($what) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM eventlog.events ORDER BY event_id DESC LIMIT 1");
}

# ---- names of roles --------------------------------------------------------------------------------------------------

my @as_role = ('-U', $role);
like(answer(q{SELECT eventlog.log_event('named')}, @as_role), qr/^[0-9a-f-]{36}$/, 'a role whose name is no UTF-8 logs');
my $caller = q{source, metadata #>> '{_eventLog,caller,actorId}', metadata #>> '{_eventLog,caller,principalId}'};
is(last_event($caller), join('|', ('m\xfcller') x 3), '... and its name is stored with the byte spelled out');
like(answer(q{SELECT eventlog.log_event_autonomous('named')}, @as_role), qr/^[0-9a-f-]{36}$/, '... also for an autonomous event');
is(last_event($caller), join('|', ('m\xfcller') x 3), '... with the same name');
my $set_role = q{DO $$BEGIN EXECUTE (SELECT format('SET ROLE %I', r.rolname) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
	JOIN pg_roles s ON s.oid = m.member AND s.rolname = session_user); END$$;};
like(answer($set_role . q{SELECT eventlog.log_event('named')}, @as_role), qr/[0-9a-f-]{36}$/, 'the role of SET ROLE has such a name');
is(last_event($caller), 'm\xfcller|l\xe4|m\xfcller', '... which is spelled out, too');

# ---- arguments that are made of such texts ---------------------------------------------------------------------------

my %calls = (
	actor_id => q{eventlog.log_event('a', actor_id => session_user)},
	event_name => q{eventlog.log_event(session_user)},
	source => q{eventlog.log_event('a', source => session_user)},
	idempotency_key => q{eventlog.log_event_autonomous('a', idempotency_key => session_user)},
	metadata => q{eventlog.log_event('a', jsonb_build_object('ä', jsonb_build_array(1, jsonb_build_object(session_user, 1))))},
	sofa => q{eventlog.log_envelope(jsonb_build_object('eventName', 'a', 'sofa', session_user))},
	resourceId => q{eventlog.log_events(jsonb_build_array(jsonb_build_object('eventName', 'a', 'resourceType', 'b', 'resourceId', session_user)))},
	appVersion => q{eventlog.log_events_json(json_build_array(json_build_object('eventName', 'a', 'appVersion', session_user)))},);
foreach my $field (sort keys %calls)
{
	like(answer("SELECT $calls{$field}", @as_role), qr/^22021: \Q$field\E is not valid UTF-8$/m, "$field that is no UTF-8 is refused");
}
like(answer(q{SELECT message, detail FROM eventlog.try_log_events(jsonb_build_array(jsonb_build_object('eventName', 'a', 'actorId', session_user)))},
	@as_role), qr/^actorId is not valid UTF-8\|The text is "m\\xfcller"\.$/, 'an error spells the bytes out');
like(answer(q{SELECT eventlog.create_consumer(session_user)}, @as_role), qr/^22021: /, 'no consumer has such a name');
like(answer(q{SELECT eventlog.create_consumer('reader', events => ARRAY[session_user::text])}, @as_role), qr/^22021: /, '... or such a pattern');

# ---- settings --------------------------------------------------------------------------------------------------------

my @settings = map { "eventlog.$_" } qw(source actor_id actor_type app_version);
my $bad = "caf\xe9";

foreach my $setting (@settings)
{
	local $ENV{PGOPTIONS} = "-c $setting=$bad";
	like(answer('SELECT 1'), qr/^invalid value for parameter "\Q$setting\E".*\nThe value is not valid UTF-8\.$/,
		"a connection cannot set $setting to such a text");
}
foreach my $database ('ascii', 'latin')
{
	my ($status, undef, $error) = $node->psql($database, qq{SET client_encoding = '${\($database eq 'ascii' ? 'SQL_ASCII' : 'LATIN1')}'; }
		  . qq{ALTER ROLE ALL SET eventlog.source = '$bad'});
	like($error, qr/invalid value for parameter "eventlog.source"/, "... nor can database $database store one for a role");
}

# The server takes such a value from its catalog nevertheless, for example where the library was not loaded when it was set.
$node->safe_psql('ascii', qq{SET client_encoding = 'SQL_ASCII'; INSERT INTO pg_db_role_setting
	SELECT 0, oid, ARRAY['eventlog.source=$bad', 'eventlog.actor_id=ada'] FROM pg_roles WHERE rolname = '$role'});
like(answer(q{SELECT eventlog.log_event('stored')}, @as_role), qr/^22021: eventlog\.source is not valid UTF-8\nThe setting is "caf\\xe9"\.$/,
	'with a stored setting that is no UTF-8 a call is refused');
like(answer(q{SELECT eventlog.log_event('stored', source => 'shop')}, @as_role), qr/^[0-9a-f-]{36}$/, '... unless it gives the source itself');
is(last_event('source, actor_id'), 'shop|ada', '... and the other settings hold');
is(answer(q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SELECT count(*) > 0 FROM pg_class WHERE length(relname) > 1}, @as_role), 't', '... and queries run in parallel');
like(answer(q{SET eventlog.source = 'shop'; SELECT eventlog.log_event('stored')}, @as_role), qr/[0-9a-f-]{36}$/, '... and the setting can be corrected');

# Without preloading a connection brings its settings along before anybody can check them.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', q{''});
$node->restart;
foreach my $setting (@settings)
{
	local $ENV{PGOPTIONS} = '-c eventlog.actor_id=ada -c ' . "$setting=$bad";
	like(answer(q{SELECT eventlog.log_event('brought')}), qr/^22021: \Q$setting\E is not valid UTF-8$/m, "a call with $setting of the connection is refused");
}
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', q{'eventlog'});
$node->restart;

# ---- the dump --------------------------------------------------------------------------------------------------------

my $dump = PostgreSQL::Test::Utils::tempdir('dump') . '/log.sql';
$node->command_ok([ 'pg_dump', '--file', $dump, '--dbname', $node->connstr('postgres') ], 'the log is dumped');
$node->safe_psql('postgres', q{CREATE DATABASE copy TEMPLATE template0});
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '--file', $dump, '--dbname', $node->connstr('copy') ], '... and restored');
my $events = q{SELECT count(*), count(DISTINCT source), bool_and(octet_length(convert_to(e::text, 'UTF8')) > 0) FROM eventlog.events e};
is($node->safe_psql('copy', $events), $node->safe_psql('postgres', $events), '... with every event');

is_free_of_crashes($node);
done_testing();
