# Errors of C++ and of the server pass through src/pg/boundary.h unchanged and leave nothing behind. The functions that
# fail are those of test/modules/boundary.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $build = PostgreSQL::Test::Utils::tempdir('boundary_test');
system_or_bail('make', '-C', $build, '-j2', '-f', "$FindBin::RealBin/../modules/boundary/Makefile");

my $node = PostgreSQL::Test::Cluster->new('boundary');
$node->init;
$node->append_conf('postgresql.conf', "dynamic_library_path = '$build:\$libdir'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION boundary_fail(failure text) RETURNS void STRICT LANGUAGE c AS 'boundary_test';
CREATE FUNCTION boundary_execute(sql text) RETURNS text STRICT LANGUAGE c AS 'boundary_test';
CREATE FUNCTION boundary_leaks() RETURNS int LANGUAGE c AS 'boundary_test';
CREATE FUNCTION boundary_keeps_state() RETURNS boolean LANGUAGE c AS 'boundary_test';
CREATE FUNCTION boundary_unguarded() RETURNS void LANGUAGE c AS 'boundary_test';
CREATE FUNCTION boundary_run_worker() RETURNS void LANGUAGE c AS 'boundary_test';

-- How many of these failures, each in a subtransaction, left something behind or did not happen.
CREATE FUNCTION leaking_failures(statements text[], repetitions int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    leaking int := 0;
    statement text;
BEGIN
    FOR i IN 1 .. repetitions LOOP
        FOREACH statement IN ARRAY statements LOOP
            BEGIN
                EXECUTE statement;
                leaking := leaking + 1;
            EXCEPTION WHEN OTHERS THEN
                IF boundary_leaks() <> 0 THEN leaking := leaking + 1; END IF;
            END;
        END LOOP;
    END LOOP;
    RETURN leaking;
END $$;
SQL

# After a crash of any process this one would be another.
my $checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
my $checkpointer_pid = $node->safe_psql('postgres', $checkpointer);

sub failing { return "SELECT boundary_fail('$_[0]')" }

sub executing { return "SELECT boundary_execute(\$sql\$$_[0]\$sql\$)" }

# Returns the output of psql for a script in a session of its own, errors with all their fields. A function of the server, such as
# pg_cancel_backend, is called with the session's process id once the session has printed something and sleeps.
sub run_script
{
	my ($script, $function) = @_;
	my ($stdout, $stderr) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', \"\\set VERBOSITY verbose\n$script", '>', \$stdout, '2>', \$stderr,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	if (defined $function)
	{
		$psql->pump until $stdout ne '';
		$node->poll_query_until('postgres',
			"SELECT $function(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
	}
	$psql->finish;
	$stderr =~ s/^psql:<stdin>:\d+: //mg;
	$stderr =~ s/^LOCATION: .*\n//mg;
	return ($stdout, $stderr);
}

# Errors keep what they say.

my $divided = "ERROR:  22012: division by zero\n";
my $thrown = "ERROR:  XX000: a C++ exception\n";
my $no_memory = "ERROR:  53200: out of memory\n";
my $own_error = <<'ERROR';
ERROR:  EV001: 100% own message
DETAIL:  Own detail, 100%.
HINT:  Own hint, 100%.
CONTEXT:  own context, 100%
COLUMN NAME:  own_column
CONSTRAINT NAME:  own_constraint
ERROR

my $raise = q{DO $do$BEGIN RAISE 'raised, 100%%' USING ERRCODE = 'EV002', DETAIL = 'Detail, 100%.',}
  . q{ HINT = 'Hint, 100%.', SCHEMA = 's', TABLE = 't', COLUMN = 'c', DATATYPE = 'd', CONSTRAINT = 'n'; END$do$};
my $raised = <<"ERROR";
ERROR:  EV002: raised, 100%
DETAIL:  Detail, 100%.
HINT:  Hint, 100%.
CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE
SQL statement "$raise"
SCHEMA NAME:  s
TABLE NAME:  t
COLUMN NAME:  c
DATATYPE NAME:  d
CONSTRAINT NAME:  n
ERROR

# The same error when a statement of another boundary raises it.
sub below
{
	my ($error, $statement) = @_;
	my $line = "SQL statement \"$statement\"\n";
	return $error =~ s/^CONTEXT:  (.*\n)+?(?=^[A-Z]+ NAME:)/$&$line/mr if $error =~ /^CONTEXT: /m;
	return $error . "CONTEXT:  $line";
}

my @errors = (
	[ 'std::exception', failing('exception'), $thrown ],
	[ 'exception of no class', failing('number'), "ERROR:  XX000: unknown C++ exception\n" ],
	[ 'pg::Error', failing('own error'), $own_error ],
	[ 'pg::Error without texts', failing('nameless error'), "ERROR:  XX000: unnamed C++ exception\n" ],
	[ 'std::bad_alloc', failing('out of memory'), $no_memory ],
	[ 'server error of a direct call', failing('division'), $divided ],
	[ 'server error through SPI', executing('SELECT 1/0'), below($divided, 'SELECT 1/0') ],
	[ 'server error with all fields', executing($raise), $raised ],
	[ 'server error below twenty frames', failing('deep'), $divided ],
	[ 'exception during which a destructor meets a server error', failing('unwinding'), $thrown ],
	[ 'server error in a handler', failing('in handler'), $divided ],
	[ 'exception instead of a server error', failing('replaced'), $thrown ]);

# Through two boundaries, one in the other's pg::call.
push @errors, map { [ "$_->[0], nested", executing($_->[1]), below($_->[2], $_->[1]) ] }
  grep { $_->[1] =~ /boundary_fail/ } @errors;
# The DETAIL of the last is the first error's CONTEXT; it has none itself.
push @errors,
  [ 'server error that there is no memory to copy', failing('no memory for a copy'), $no_memory ],
  [ 'error after a caught one', failing('after caught error'), "ERROR:  XX000: second error\nDETAIL:  stale\n" ];

foreach my $error (@errors)
{
	my ($name, $statement, $says) = @$error;
	my ($stdout, $stderr) = run_script("$statement;");
	is($stderr, $says, "$name: unchanged");
}

# No object, no exception and no memory stays behind.

foreach my $error (@errors)
{
	my ($name, $statement) = @$error;
	my ($leaks, $stderr) =
	  run_script("SET log_min_messages = fatal;\n" . "$statement;\nSELECT boundary_leaks();\n" x 1000);
	is($leaks, "0\n" x 1000, "$name: a thousand leave no object behind");
	is(scalar(() = $stderr =~ /^ERROR: /mg), 1000, "$name: a thousand are raised");
}

my $failures = 'ARRAY[' . join(', ', map { "\$failure\$$_->[1]\$failure\$" } @errors) . ']';
is($node->safe_psql('postgres', "SELECT leaking_failures($failures, 1000)"),
	0, 'a thousand of each in subtransactions leave no object behind');

my $rounds = int(100_000 / @errors) + 1;
my $memory = q{SELECT string_agg(name || ' ' || total_bytes, ', ' ORDER BY name) FROM pg_backend_memory_contexts
	WHERE name IN ('TopMemoryContext', 'ErrorContext')};
my (undef, undef, $before, $leaking, $after) = split /\n/, $node->safe_psql('postgres', <<"SQL");
SELECT leaking_failures($failures, 10);
$memory;
$memory;
SELECT leaking_failures($failures, $rounds);
$memory;
SQL
is($leaking, 0, 'a hundred thousand errors in one session leave no object behind');
is($after, $before, '... and no memory');

# The state that a caught error has changed is restored.

is($node->safe_psql('postgres', 'SELECT boundary_keeps_state()'),
	't', 'memory context, handler, context callbacks and held interrupts are those from before the error');

# Interrupts reach pg::call, before and after caught errors.

my $cancelled = "${divided}ERROR:  57014: canceling statement due to";
my $interruptible = failing('interrupts held') . ";\nSELECT boundary_keeps_state();\n%s;\nSELECT boundary_leaks();\n";
foreach my $sleep (failing('sleep'), executing('SELECT pg_sleep(600)'))
{
	my ($stdout, $stderr) = run_script("SET statement_timeout = '100ms';\n" . sprintf($interruptible, $sleep));
	like($stderr, qr/\A$cancelled statement timeout\n/, "statement_timeout in $sleep");
	is($stdout, "t\n0\n", '... leaves no object behind, and a session to work with');

	($stdout, $stderr) = run_script(sprintf($interruptible, $sleep), 'pg_cancel_backend');
	like($stderr, qr/\A$cancelled user request\n/, "pg_cancel_backend in $sleep");
	is($stdout, "t\n0\n", '... leaves no object behind, and a session to work with');

	($stdout, $stderr) = run_script(sprintf($interruptible, $sleep), 'pg_terminate_backend');
	like($stderr, qr/\A${divided}FATAL:  57P01: /, "pg_terminate_backend in $sleep");
	is($stdout, "t\n", '... ends the session');
}

# An exception that nobody can catch ends its own process only.

my @escapes = map { failing($_) } 'noexcept', 'throwing lambda', 'nested call';
foreach my $statement (@escapes, 'SELECT boundary_unguarded()')
{
	my ($stdout, $stderr) = run_script("$statement;\nSELECT 'still here';");
	like($stderr, qr/\AFATAL:  XX000: eventlog: an unhandled C\+\+ exception ended this process\n/, $statement);
	is($stdout, '', '... ends the session');
}

# Transactions of a worker.

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE notes (step text, note text);
CREATE TABLE kept (step text);
CREATE TABLE checked_at_commit (value int CONSTRAINT unique_value UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT boundary_run_worker();
SQL
is($node->safe_psql('postgres', 'TABLE notes'), <<'ROWS' =~ s/\n\z//r, 'pg::Transaction ends as it should');
commit|no error
leave|no error
exception|a C++ exception
server error|EV002 raised | Its detail. | Its hint.
caught inside|no error
commit failure|23505 duplicate key value violates unique constraint "unique_value" | Key (value)=(1) already exists.
many errors|no error
ROWS
is($node->safe_psql('postgres', 'TABLE kept'), "committed\ncaught inside", 'only a committed pg::Transaction keeps its rows');
my $log = slurp_file($node->logfile);
like($log, qr/LOG:  eventlog: server error: raised\n.*DETAIL:  Its detail\.\n.*HINT:  Its hint\./, 'pg::log_error');
like($log, qr/ERROR:  the worker's last exception\n/, 'an exception of a worker');

# All the time the server stayed up.

is_free_of_crashes($node);
is($node->safe_psql('postgres', $checkpointer), $checkpointer_pid, 'the server has not restarted its processes');

$node->stop;
done_testing();
